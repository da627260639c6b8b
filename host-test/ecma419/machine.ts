import type { Clock, Hold } from "../clock.js";
import { type AccessPoints, Station } from "./station.js";

/** Thrown through whatever runs when the power goes: nothing may happen after it. */
export class PowerCut extends Error {
	constructor() {
		super("the power was cut");
	}
}

/** What can be seen of a device from its power supply: each is a point where the power may go. */
export type Operation =
	/** A write of the key-value storage. */
	| "storage"
	/** A write into an image partition. */
	| "flash"
	/** The change of the partition that boots, and the boot loader's marks on images. */
	| "boot"
	/** Bytes handed to the network. */
	| "send";

export type PartitionName = "running" | "nextota" | "otadata";

export interface Partition {
	readonly byteLength: number;
	read(byteLength: number, offset: number): Uint8Array;
	/** Where the agent may erase: a block, by its number. */
	erase?(block: number): void;
}

export interface ImageWriter {
	write(bytes: Uint8Array): void;
	complete(): void;
}

/** What is behind the platform's modules: the hardware of one virtual device, from one boot to the next. */
export interface Hardware {
	readonly clock: Clock;
	readonly config: Readonly<Record<string, unknown>>;
	readonly resetReason: number;
	/** By the clock. */
	readonly bootedAt: number;
	/** Bytes: what a chip would say. */
	readonly heap: { readonly free: number; readonly minFree: number };
	/** In reach of its Wi-Fi; undefined where the device is in a network by other means. */
	readonly accessPoints: AccessPoints | undefined;
	/** The name servers that are about to be asked. */
	asks(nameServers: readonly string[]): void;
	/** Seconds since 1970, as a time server says. @returns undefined when it does not answer */
	timeFrom(host: string): number | undefined;
	/** Sets the device's clock. */
	setTime(seconds: number): void;
	resource(name: string): Uint8Array | undefined;
	/** @throws when the key-value storage cannot be opened */
	openKeys(): void;
	readKey(domain: string, key: string): Uint8Array | undefined;
	/** @param torn writes only a part, as a power cut in the middle would */
	writeKey(domain: string, key: string, value: Uint8Array, torn: boolean): void;
	deleteKey(domain: string, key: string): void;
	partition(name: PartitionName): Partition;
	openUpdate(byteLength: number): ImageWriter;
	/** ESP-IDF's esp_ota_mark_app_valid_cancel_rollback */
	confirmImage(): void;
	/** ESP-IDF's esp_ota_mark_app_invalid_rollback_and_reboot @returns false when there is no other image */
	rejectImage(): boolean;
	/** The power supply: called around each operation, it may cut the power. */
	operation(kind: Operation, perform: (torn: boolean) => void): void;
	/** The machine ended itself: by a reset, or because an exception reached it. */
	ended(how: "restart" | "abort", detail: string): void;
	trace(text: string): void;
}

let current: Machine | undefined;

/**
 * One boot of a device: RAM, timers and sockets, which all go when it ends. Whatever the platform calls in the agent runs
 * inside `enter`, and so the platform's modules know whose they are: one set of modules serves any number of devices.
 */
export class Machine {
	readonly hardware: Hardware;
	#dead = false;
	readonly #resources = new Set<() => void>();
	/** Its Wi-Fi; last, for it is one of the resources. */
	readonly station = new Station(this);

	constructor(hardware: Hardware) {
		this.hardware = hardware;
	}

	static get current(): Machine {
		if (current === undefined) throw new Error("a platform module was used outside of a machine");
		return current;
	}

	/** Whether there is a network to reach anything by. */
	get online(): boolean {
		return this.hardware.accessPoints === undefined || this.station.joined !== undefined;
	}

	get dead(): boolean {
		return this.#dead;
	}

	/** Runs a callback of the agent. What it throws ends the machine, as it does on XS. */
	enter(callback: () => void): void {
		if (this.#dead) return;
		const before = current;
		current = this;
		try {
			callback();
		} catch (error) {
			this.abort(error);
		} finally {
			current = before;
		}
	}

	/** Called first by each platform call: a machine without power does nothing. */
	alive(): void {
		if (this.#dead) throw new PowerCut();
	}

	operation(kind: Operation, perform: (torn: boolean) => void): void {
		this.alive();
		this.hardware.operation(kind, perform);
		this.alive();
	}

	/** What must be let go when the machine ends: sockets, timers. @returns forgets it */
	own(release: () => void): () => void {
		this.#resources.add(release);
		return () => this.#resources.delete(release);
	}

	hold(): Hold {
		return this.hardware.clock.hold();
	}

	/** The power goes, or a reset comes. */
	kill(): void {
		if (this.#dead) return;
		this.#dead = true;
		for (const release of [...this.#resources]) release();
		this.#resources.clear();
	}

	/** A reset that the agent asked for: it does not return. */
	restart(detail: string): never {
		this.kill();
		this.hardware.ended("restart", detail);
		throw new PowerCut();
	}

	/** An exception that nobody caught, or full memory: XS ends the machine. */
	abort(error: unknown): void {
		if (this.#dead) return;
		const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
		this.hardware.trace(`XS abort: unhandled exception: ${detail}\n`);
		this.kill();
		this.hardware.ended("abort", detail);
	}
}
