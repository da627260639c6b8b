import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import type { Sdk } from "../sdk/sdk.js";
import { type Boot, bootSimulator } from "./boot-loader.js";

/** `esp_reset_reason_t`. An exception that reaches XS ends in esp_restart as well: 3. */
const ResetReason = { powerOn: 1, software: 3 } as const;
/** See src/platform/lin/esp-system.c. */
const RESTART_STATUS = 77;
/** An image that resets as soon as it has booted would keep the machine busy. */
const RESET_MS = 200;

interface SimulatorEvents {
	boot: [Boot];
	/** A line of the console. */
	line: [string];
	/** It was reset by itself, and boots again. */
	reset: [why: "restart" | "abort"];
	/** The power is off, or mcsim has ended for a reason of its own. */
	off: [status: number | null];
	/** No image boots. */
	bricked: [];
}

/**
 * The SDK's Linux simulator as a board: this is its boot loader, its reset and its power switch. Its flash is a folder:
 * `flashByCable` puts the first image there.
 */
export class Simulator extends EventEmitter<SimulatorEvents> {
	readonly #sdk: Sdk;
	readonly #flash: string;
	readonly #display: string;
	readonly lines: string[] = [];
	#process: ChildProcess | undefined;
	#next: NodeJS.Timeout | undefined;

	/** @param display an X server: `:0` */
	constructor(sdk: Sdk, flash: string, display: string) {
		super();
		this.#sdk = sdk;
		this.#flash = flash;
		this.#display = display;
	}

	get powered(): boolean {
		return this.#process !== undefined || this.#next !== undefined;
	}

	powerOn(): void {
		if (!this.powered) this.#boot(ResetReason.powerOn);
	}

	/** At once, whatever it does. */
	cutPower(): void {
		clearTimeout(this.#next);
		this.#next = undefined;
		const child = this.#process;
		this.#process = undefined;
		child?.kill("SIGKILL");
		this.emit("off", null);
	}

	/** When the console has said this; from the start, unless `from` says since which line. */
	said(pattern: RegExp, from = 0): Promise<string> {
		return new Promise((resolve) => {
			const found = this.lines.slice(from).find((line) => pattern.test(line));
			if (found !== undefined) return resolve(found);
			const listener = (line: string) => {
				if (!pattern.test(line)) return;
				this.off("line", listener);
				resolve(line);
			};
			this.on("line", listener);
		});
	}

	#boot(resetReason: number): void {
		this.#next = undefined;
		const boot = bootSimulator(this.#flash);
		if (boot === undefined) {
			this.emit("bricked");
			return;
		}
		this.emit("boot", boot);
		const env = {
			...this.#sdk.env,
			DISPLAY: this.#display,
			IOT_JOBS_FLASH: this.#flash,
			IOT_JOBS_SLOT: String(boot.slot),
			IOT_JOBS_RESET_REASON: String(resetReason),
		};
		const child = spawn(this.#sdk.mcsim, [boot.program], { env, stdio: ["ignore", "pipe", "inherit"] });
		this.#process = child;
		let aborted = false;
		createInterface({ input: child.stdout }).on("line", (line) => {
			if (this.#process !== child) return;
			this.lines.push(line);
			this.emit("line", line);
			if (!line.startsWith("XS abort")) return;
			// On the chip this is a reset; mcsim shows a message instead.
			aborted = true;
			child.kill("SIGKILL");
		});
		child.on("close", (status) => {
			if (this.#process !== child) return; // its power was cut
			this.#process = undefined;
			if (!aborted && status !== RESTART_STATUS) {
				this.emit("off", status);
				return;
			}
			this.emit("reset", aborted ? "abort" : "restart");
			this.#next = setTimeout(() => this.#boot(ResetReason.software), RESET_MS);
		});
	}
}
