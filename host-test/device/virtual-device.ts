import { EventEmitter } from "node:events";
import "../ecma419/globals.js";
import type { Clock } from "../clock.js";
import type { AccessPoints, Hardware, Operation } from "../machine/hardware.js";
import { Machine, PowerCut } from "../machine/machine.js";
import { type Boot, bootLoader } from "./boot-loader.js";
import type { Credentials } from "./credentials.js";
import { FlashFiles, type FlashSizes } from "./flash-files.js";
import { makeImage } from "./image.js";
import { type OtaBuild, OtaPartitions } from "./ota-partitions.js";

/** The sizes of its partitions are by default those of src/platform/sdkconfig. */
export interface VirtualDeviceOptions extends OtaBuild, FlashSizes {
	/** Where the flash is kept. A new directory is a device fresh from the factory. */
	readonly directory: string;
	readonly clock: Clock;
	/** What the manifest's `config` would hold: thingName, host, port, startJitterMs, ... */
	readonly config: Readonly<Record<string, unknown>>;
	readonly credentials: Credentials;
	/** The image that the device left the factory with. Default: version 1.0.0. */
	readonly factoryImage?: Buffer;
	/** Access points in range. Default: the device has a network without Wi-Fi. */
	readonly accessPoints?: AccessPoints;
	/** What an image runs when it boots. Default: the agent's `main`, in Node.js. */
	readonly program?: (boot: Boot) => ((machine: Machine) => void) | undefined;
}

/** Cuts the power before, in the middle of (storage, flash and erase only) or after the n-th operation, counted from 0. */
export interface Cut {
	readonly at: number;
	readonly moment: "before" | "torn" | "after";
}

/** ESP-IDF's `esp_reset_reason_t`. The SDK ends an aborted machine by `esp_restart` too. */
const ResetReason = { powerOn: 1, software: 3, taskWatchdog: 6 } as const;

interface DeviceEvents {
	/** An image boots. */
	boot: [Boot];
	/** The device reset itself; it boots again at once. */
	reset: ["software" | "abort" | "taskWatchdog", string];
	/** The power is off. */
	off: [];
	/** No image boots: the device is a brick. */
	bricked: [];
	/** A line on the serial console. */
	trace: [string];
	/** An operation at which the power can be cut, with its number. */
	operation: [Operation, number];
	/** Its clock was set, in seconds since 1970. */
	time: [number];
	/** Bytes of an update written to flash so far, and its total. */
	flash: [number, number];
}

let agentMain: (machine: Machine) => void;

/**
 * A board on the host: flash, power supply, boot loader and reset around the agent, which runs in this process. It knows of
 * the agent only what a power supply and a serial console know. Used by `iot-jobs simulate`, the fleet and the tests.
 */
export class VirtualDevice extends EventEmitter<DeviceEvents> {
	readonly flash: FlashFiles;
	/** Operations since the device was made: the points at which the power can be cut. */
	operations = 0;
	/** Writes to the key-value storage since the device was made. */
	storageWrites = 0;
	boots = 0;
	/** The next power cut. It happens once. */
	cut: Cut | undefined;
	/** What a time server tells, in seconds since 1970. Default: the clock's time. */
	timeFrom: (host: string) => number | undefined;
	readonly #options: VirtualDeviceOptions;
	#accessPoints: AccessPoints | undefined;
	#overrides: Readonly<Record<string, unknown>> = {};
	#machine: Machine | undefined;
	#running: Boot | undefined;
	/** Cancels the boot that follows a reset. */
	#cancelBoot: (() => void) | undefined;

	private constructor(options: VirtualDeviceOptions) {
		super();
		this.#options = options;
		this.#accessPoints = options.accessPoints;
		this.timeFrom = () => Math.floor(options.clock.now() / 1_000);
		this.flash = new FlashFiles(options.directory, options);
		if (this.flash.readSlot(0).byteLength === 0) {
			this.flash.writeSlot(
				0,
				options.factoryImage ??
					makeImage({ version: "1.0.0", programBytes: 1_000, ...(options.chip && { chip: options.chip }) }),
			);
		}
	}

	/** The first call loads the agent's sources, for all devices. */
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

	/** Overrides members of `options.config`, from the next boot on; in a `boot` event, from this boot on. */
	setConfig(overrides: Readonly<Record<string, unknown>>): void {
		this.#overrides = overrides;
	}

	/** Replaces the access points in range. */
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

	/** Ends everything at once, even what was begun. */
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

	/** The watchdog resets an image that hangs. */
	hang(): void {
		this.#machine?.kill();
		this.#ended("taskWatchdog", "the main loop hangs");
	}

	#boot(resetReason: number): void {
		const boot = bootLoader(this.flash, (this.#options.rollback ?? "both") === "both", this.#options.chip);
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
		const partitions = new OtaPartitions(flash, boot.slot, this.#options, (written, expected) =>
			this.emit("flash", written, expected),
		);
		const device = this;
		return {
			clock,
			get accessPoints() {
				return device.#accessPoints;
			},
			timeFrom: (host) => this.timeFrom(host),
			setTime: (seconds) => this.emit("time", seconds),
			config: { ...config, ...this.#overrides, version: boot.version },
			resetReason,
			bootedAt: clock.now(),
			heap: { free: 81_920, minFree: 40_960 },
			resource: (name) => resources[name],
			openKeys: (domain, writable) => flash.openKeys(domain, writable),
			readKey: (domain, key) => flash.loadKey(domain, key),
			writeKey: (domain, key, { type, bytes }, torn) =>
				flash.writeKey(domain, key, torn ? bytes.subarray(0, bytes.byteLength >> 1) : bytes, type),
			deleteKey: (domain, key) => flash.deleteKey(domain, key),
			partition: (name) => partitions.get(name),
			beginUpdate: (byteLength) => partitions.begin(byteLength, (erase) => this.#operation("boot", erase)),
			activateUpdate: () => partitions.activate(),
			confirmImage: () => partitions.confirm(),
			rejectImage: () => partitions.reject(),
			operation: (kind, perform) => this.#operation(kind, perform),
			ended: (how, detail) => this.#ended(how === "abort" ? "abort" : "software", detail),
			trace: (text) => this.emit("trace", text),
		};
	}

	#ended(reason: "software" | "abort" | "taskWatchdog", detail: string): void {
		this.#machine = undefined;
		this.emit("reset", reason, detail);
		// The chip boots by itself, though not from within the call that ended it.
		this.#cancelBoot = this.#options.clock.after(0, () =>
			this.#boot(ResetReason[reason === "abort" ? "software" : reason]),
		);
	}
}
