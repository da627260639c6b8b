import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../clock.js";
import { certificateDer, pkcs8Of } from "../device/credentials.js";
import { VirtualDevice as Board } from "../device/virtual-device.js";
import { listen } from "./listen.js";
import type { Clock, WaitOptions } from "./types.js";
import { WAIT_MS, within } from "./waiting.js";

export interface VirtualDeviceOptions {
	readonly thingName: string;
	/** The service: an emulator's, or AWS's. */
	readonly host: string;
	readonly port: number;
	/** PEM. */
	readonly credentials: { readonly ca: string; readonly certificate: string; readonly privateKey: string };
	/** Default: mqtt. Over HTTPS it polls, every 100 ms. */
	readonly link?: "mqtt" | "https";
	/** Where the flash is. Default: a directory that is deleted at the end. A new one is a device fresh from the factory. */
	readonly directory?: string;
	/** Default: the machine's time. */
	readonly clock?: Clock;
	/** More of the firmware's settings, as the manifest's `config` has them. */
	readonly config?: Readonly<Record<string, unknown>>;
	/** The image that it left the factory with, as `makeImage` makes one. Default: version 1.0.0. */
	readonly factoryImage?: Uint8Array;
	/** Wi-Fi in range, by SSID. Default: a network without Wi-Fi. */
	readonly accessPoints?: Readonly<Record<string, { readonly password: string; readonly rssi: number }>>;
	/** Bytes of each of the two image slots. Default: those of the partition table. */
	readonly slotBytes?: number;
}

interface Events {
	/** An image boots. */
	boot: [image: { readonly version: string; readonly slot: 0 | 1 }];
	/** The device has reset itself; it boots again at once. */
	reset: [reason: "software" | "abort" | "taskWatchdog", detail: string];
	/** The power is off. */
	off: [];
	/** No image boots any more. */
	bricked: [];
	/** A line of the serial console. */
	trace: [line: string];
	/** Bytes of an update in flash so far, and its total. */
	flash: [written: number, total: number];
}

/** When the power goes: before, in the middle of, or after the n-th operation on flash, storage or network, counted from 0. */
export interface PowerCut {
	readonly at: number;
	readonly moment: "before" | "torn" | "after";
}

const POLL_MS = 100;

/** A board that runs the agent's own sources, with flash, boot loader, serial console and a power switch. */
export class VirtualDevice {
	/** All lines of its serial console. */
	readonly lines: string[] = [];
	readonly #board: Board;
	readonly #temporary: string | undefined;

	private constructor(board: Board, temporary: string | undefined) {
		this.#board = board;
		this.#temporary = temporary;
		board.setMaxListeners(0);
		board.on("trace", (text) => this.lines.push(text.trimEnd()));
	}

	/** It has no power yet. `emulator.device(thing)` fills in all that has to be said. */
	static async create(options: VirtualDeviceOptions): Promise<VirtualDevice> {
		const { thingName, host, port, credentials, link, factoryImage, config, clock = realClock } = options;
		const temporary = options.directory === undefined ? mkdtempSync(join(tmpdir(), "iot-jobs-flash-")) : undefined;
		const directory = options.directory ?? (temporary as string);
		mkdirSync(directory, { recursive: true });
		const program = link === "https" ? (await import("../../examples/https/main.js")).default : undefined;
		const board = await Board.create({
			...{ directory, clock, slotBytes: options.slotBytes },
			...(factoryImage && { factoryImage: Buffer.from(factoryImage) }),
			...(options.accessPoints && { accessPoints: options.accessPoints }),
			program: () => program,
			config: { thingName, host, port, startJitterMs: 0, pollMs: POLL_MS, ...config },
			credentials: {
				ca: certificateDer(credentials.ca),
				certificate: certificateDer(credentials.certificate),
				privateKey: pkcs8Of(credentials.privateKey),
			},
		});
		return new VirtualDevice(board, temporary);
	}

	// ---- power

	powerOn(): void {
		this.#board.powerOn();
	}

	/** Ends everything at once, even a write to flash. */
	cutPower(): void {
		this.#board.cutPower();
	}

	/** The reset button. */
	reset(): void {
		this.#board.reset();
	}

	get powered(): boolean {
		return this.#board.powered;
	}

	/** How many operations there were so far: the points at which the power can be cut. */
	get operations(): number {
		return this.#board.operations;
	}

	/** The next power cut, which happens once. Power it on again on `off`. */
	cutPowerAt(cut: PowerCut | undefined): void {
		this.#board.cut = cut;
	}

	/** Power off; a flash that was made for it is deleted. */
	async close(): Promise<void> {
		this.#board.removeAllListeners(); // one that switches it on again would keep it alive
		this.cutPower();
		if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
	}

	// ---- flash

	/** The version of the image that runs, or ran last. */
	get version(): string | undefined {
		return this.#board.running?.version;
	}

	/** The slot that it boots from next, and what the boot loader thinks of the images. */
	get bootData(): { readonly boot: 0 | 1; readonly states: readonly [string, string] } {
		return this.#board.flash.bootData;
	}

	/** What is in an image slot; empty where nothing was ever written. */
	readSlot(slot: 0 | 1): Uint8Array {
		return this.#board.flash.readSlot(slot);
	}

	// ---- the world around it

	/** Overrides settings of `config`, from the next boot on. */
	setConfig(config: Readonly<Record<string, unknown>>): void {
		this.#board.setConfig(config);
	}

	setAccessPoints(accessPoints: NonNullable<VirtualDeviceOptions["accessPoints"]>): void {
		this.#board.setAccessPoints(accessPoints);
	}

	/** The first line of the console that matches, already said or to come. @throws when it does not come in time */
	async said(pattern: RegExp, { timeoutMs = WAIT_MS }: WaitOptions = {}): Promise<string> {
		const found = this.lines.find((line) => pattern.test(line));
		if (found !== undefined) return found;
		let remove: () => void = () => undefined;
		const event = new Promise<string>((resolve) => {
			remove = this.on("trace", (line) => {
				if (pattern.test(line)) resolve(line.trimEnd());
			});
		});
		try {
			return await within(event, timeoutMs, () => `the console has not said ${pattern}; last: ${this.lines.at(-1)}`);
		} finally {
			remove();
		}
	}

	/** @returns removes the listener */
	on<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): () => void {
		return listen(this.#board, event, listener as (...values: unknown[]) => void);
	}
}
