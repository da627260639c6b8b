import { EventEmitter } from "node:events";
import "../ecma419/globals.js";
import type { Clock } from "../clock.js";
import type { AccessPoints, Hardware, Operation, Partition } from "../machine/hardware.js";
import { Machine, PowerCut } from "../machine/machine.js";
import { type Boot, bootLoader, otaData, other, withoutEntry } from "./boot-loader.js";
import { FlashFiles, type Slot } from "./flash-files.js";
import { makeImage, verifyImage } from "./image.js";

/** DER, as the manifest flashes them. */
export interface Credentials {
	readonly ca: Uint8Array;
	readonly certificate: Uint8Array;
	/** PKCS#8, RSA. */
	readonly privateKey: Uint8Array;
	/** The public key whose images are trusted: SubjectPublicKeyInfo, P-256. */
	readonly codeSigningKey?: Uint8Array | undefined;
}

export interface VirtualDeviceOptions {
	/** Where the flash is. A new directory is a device fresh from the factory. */
	readonly directory: string;
	readonly clock: Clock;
	/** What the manifest's `config` would hold: thingName, host, port, startJitterMs, ... */
	readonly config: Readonly<Record<string, unknown>>;
	readonly credentials: Credentials;
	/** The image that the factory put in. Default version 1.0.0. */
	readonly factoryImage?: Buffer;
	/** Bytes of each of the two image partitions. Default 1 MB. */
	readonly slotBytes?: number;
	/** What was built with rollback: boot loader and images, as one build makes both; the images alone; or nothing. Default both. */
	readonly rollback?: "both" | "images" | "nothing";
	/** Whether the boot loader's data can be erased by the agent. Default true. */
	readonly erasesBootData?: boolean;
	/** Whether an update erases the partition when it is opened, and not as it is written. Default false. */
	readonly erasesOnOpen?: boolean;
	/** In reach of its Wi-Fi. Default: the device is in a network by other means. */
	readonly accessPoints?: AccessPoints;
	/** What an image does when it boots. Default: the agent's `main`, in Node.js. */
	readonly program?: (boot: Boot) => ((machine: Machine) => void) | undefined;
}

/** When the power goes: before, in the middle of (storage and flash only) or after the n-th operation, counted from 0. */
export interface Cut {
	readonly at: number;
	readonly moment: "before" | "torn" | "after";
}

/** ESP-IDF's `esp_reset_reason_t`. */
const ResetReason = { powerOn: 1, software: 3, panic: 4 } as const;

interface DeviceEvents {
	/** The device booted an image. */
	boot: [Boot];
	/** It was reset by itself; it boots again at once. */
	reset: ["software" | "panic", string];
	/** The power is off. */
	off: [];
	/** No image boots: a brick. */
	bricked: [];
	/** A line on the serial console. */
	trace: [string];
	operation: [Operation, number];
	/** It resolves a name, by these name servers. */
	asks: [readonly string[]];
	/** Its clock was set, to so many seconds since 1970. */
	time: [number];
	/** Bytes written into the update partition since it was erased, of how many. */
	flash: [number, number];
}

let agentMain: (machine: Machine) => void;

/**
 * A board: flash, power supply, boot loader and reset around the agent, which runs in this process. It sees of the agent
 * what a power supply and a serial console see.
 */
export class VirtualDevice extends EventEmitter<DeviceEvents> {
	readonly flash: FlashFiles;
	/** Operations since the device was made: the points where the power may go. */
	operations = 0;
	/** Writes of the key-value storage since the device was made. */
	storageWrites = 0;
	boots = 0;
	/** The next cut; it happens once. */
	cut: Cut | undefined;
	readonly #options: VirtualDeviceOptions;
	/** What a time server says, in seconds since 1970. Default: the clock's time. */
	timeFrom: (host: string) => number | undefined;
	#accessPoints: AccessPoints | undefined;
	#overrides: Readonly<Record<string, unknown>> = {};
	#machine: Machine | undefined;
	#running: Boot | undefined;
	/** Takes back the boot that follows a reset. */
	#cancelBoot: (() => void) | undefined;

	private constructor(options: VirtualDeviceOptions) {
		super();
		this.#options = options;
		this.#accessPoints = options.accessPoints;
		this.timeFrom = () => Math.floor(options.clock.now() / 1_000);
		this.flash = new FlashFiles(options.directory, options.slotBytes ?? 1 << 20);
		if (this.flash.readSlot(0).byteLength === 0) {
			this.flash.writeSlot(0, options.factoryImage ?? makeImage({ version: "1.0.0", programBytes: 1_000 }));
		}
	}

	/** Loads the agent's sources, once for all devices. */
	static async create(options: VirtualDeviceOptions): Promise<VirtualDevice> {
		agentMain ??= (await import("../../src/app/main.js")).default;
		return new VirtualDevice(options);
	}

	get powered(): boolean {
		return this.#machine !== undefined;
	}

	/** The image that runs, or ran last. */
	get running(): Boot | undefined {
		return this.#running;
	}

	/** Members of the config that hold instead of those given at first, from the next boot on (in a `boot` event: from this). */
	setConfig(overrides: Readonly<Record<string, unknown>>): void {
		this.#overrides = overrides;
	}

	/** Other access points are in reach from now on. */
	setAccessPoints(accessPoints: AccessPoints): void {
		this.#accessPoints = accessPoints;
		this.#machine?.station.changed();
	}

	powerOn(): void {
		if (!this.powered) this.#boot(ResetReason.powerOn);
	}

	/** Runs something on the device, as one of its callbacks. */
	enter(callback: () => void): void {
		this.#machine?.enter(callback);
	}

	/** From now on nothing happens any more, not even what was begun. */
	cutPower(): void {
		const machine = this.#machine;
		this.#machine = undefined;
		this.#cancelBoot?.();
		machine?.kill();
		this.emit("off");
	}

	/** The reset button. */
	reset(): void {
		this.cutPower();
		this.powerOn();
	}

	#boot(resetReason: number): void {
		const boot = bootLoader(this.flash, (this.#options.rollback ?? "both") === "both");
		if (boot === undefined) {
			this.#machine = undefined;
			this.emit("bricked");
			return;
		}
		this.boots += 1;
		this.#running = boot;
		this.emit("boot", boot);
		const machine = new Machine(this.#hardware(boot, resetReason));
		this.#machine = machine;
		const program = this.#options.program?.(boot) ?? agentMain;
		machine.enter(() => program(machine));
	}

	#operation(kind: Operation, perform: (torn: boolean) => void): void {
		const at = this.operations;
		this.operations += 1;
		if (kind === "storage") this.storageWrites += 1;
		this.emit("operation", kind, at);
		const moment = this.cut?.at === at ? this.cut.moment : undefined;
		if (moment !== undefined) this.cut = undefined;
		if (moment !== "before") perform(moment === "torn");
		if (moment === undefined) return;
		this.cutPower();
		throw new PowerCut();
	}

	#hardware(boot: Boot, resetReason: number): Hardware {
		const { flash } = this;
		const { clock, config, credentials } = this.#options;
		const resources: Record<string, Uint8Array | undefined> = {
			"ca.der": credentials.ca,
			"certificate.der": credentials.certificate,
			"private-key.der": credentials.privateKey,
			"code-signing.der": credentials.codeSigningKey,
		};
		const spare = other(boot.slot);
		const device = this;
		return {
			clock,
			get accessPoints() {
				return device.#accessPoints;
			},
			asks: (nameServers) => this.emit("asks", nameServers),
			timeFrom: (host) => this.timeFrom(host),
			setTime: (seconds) => this.emit("time", seconds),
			config: { ...config, ...this.#overrides, version: boot.version },
			resetReason,
			bootedAt: clock.now(),
			heap: { free: 81_920, minFree: 40_960 },
			resource: (name) => resources[name],
			openKeys: () => flash.openKeys(),
			readKey: (domain, key) => flash.readKey(domain, key),
			writeKey: (domain, key, value, torn) =>
				flash.writeKey(domain, key, torn ? value.subarray(0, value.byteLength >> 1) : value),
			deleteKey: (domain, key) => flash.deleteKey(domain, key),
			partition: (name) => {
				if (name === "otadata") return this.#bootData();
				return this.#partition(name === "running" ? boot.slot : spare);
			},
			openUpdate: (byteLength) => this.#openUpdate(spare, byteLength),
			confirmImage: () => this.#mark(boot, "VALID"),
			rejectImage: () => this.#reject(boot),
			operation: (kind, perform) => this.#operation(kind, perform),
			ended: (how, detail) => this.#ended(how === "abort" ? "panic" : "software", detail),
			trace: (text) => this.emit("trace", text),
		};
	}

	#partition(slot: 0 | 1) {
		const { flash } = this;
		return {
			byteLength: flash.slotBytes,
			read(byteLength: number, offset: number): Uint8Array {
				return flash.readRange(slot, byteLength, offset);
			},
		};
	}

	#bootData(): Partition {
		const { flash } = this;
		const { erasesBootData = true } = this.#options;
		return {
			...partitionOf(otaData(flash.bootData)),
			...(erasesBootData && {
				erase: (block: number) => {
					flash.bootData = withoutEntry(flash.bootData, block as Slot);
				},
			}),
		};
	}

	#openUpdate(slot: 0 | 1, byteLength: number) {
		const { flash } = this;
		if (byteLength > flash.slotBytes) throw new RangeError(`${byteLength} bytes; the partition has ${flash.slotBytes}`);
		const data = flash.bootData;
		// esp_ota_begin: the other image may be needed yet.
		if (data.states[other(slot)] === "PENDING_VERIFY") throw new Error("ESP_ERR_OTA_ROLLBACK_INVALID_STATE");
		data.states[slot] = "INVALID";
		flash.bootData = data;
		if (this.#options.erasesOnOpen) flash.eraseSlot(slot, byteLength);
		const file = flash.openSlot(slot);
		let written = 0;
		return {
			write: (bytes: Uint8Array) => {
				file.append(bytes);
				written += bytes.byteLength;
				this.emit("flash", written, byteLength);
			},
			complete: () => {
				file.close();
				if (verifyImage(flash.readSlot(slot)) === undefined) throw new Error("ESP_ERR_OTA_VALIDATE_FAILED");
				const states = flash.bootData.states;
				states[slot] = this.#options.rollback === "nothing" ? "UNDEFINED" : "NEW";
				flash.bootData = { boot: slot, states };
			},
		};
	}

	#mark(boot: Boot, state: "VALID" | "INVALID"): void {
		const data = this.flash.bootData;
		data.states[boot.slot] = state;
		this.flash.bootData = data;
	}

	#reject(boot: Boot): boolean {
		const spare = other(boot.slot);
		const data = this.flash.bootData;
		if (data.states[spare] !== "VALID") return false;
		data.states[boot.slot] = "INVALID";
		data.boot = spare;
		this.flash.bootData = data;
		return true;
	}

	#ended(reason: "software" | "panic", detail: string): void {
		this.#machine = undefined;
		this.emit("reset", reason, detail);
		// The chip boots by itself, though not from within the call that ended it.
		this.#cancelBoot = this.#options.clock.after(0, () => this.#boot(ResetReason[reason]));
	}
}

function partitionOf(bytes: Buffer): Partition {
	return {
		byteLength: bytes.byteLength,
		read: (byteLength, offset) => bytes.subarray(offset, offset + byteLength),
	};
}
