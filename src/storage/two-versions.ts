import KeyValue, { type Storage } from "embedded:storage/key-value";
import Timer from "timer";
import type { Logger } from "../base/log.js";
import { later } from "../base/timer.js";

/** Which values are meant: 0 those that were built in, 1 or 2 those in the storage. */
export type Generation = 0 | 1 | 2;

/** Why a candidate was given up. */
export type Reverted = "" | "timeout" | "resets";

const STATE = "state";
const STATE_BYTES = 4;
const REASONS: readonly Reverted[] = Object.freeze(["", "timeout", "resets"], true);
/** A power cut is no fault of the values; a device that is reset again and again with them is. */
const MAX_BOOTS = 3;
/** How long a candidate may take to reach the Jobs service before the active values come back. */
const TRIAL_MS = 600_000;

/**
 * Values that may lock a device out, such as its endpoint or its certificate, in two versions: the active one is known to work,
 * the candidate is on trial from the next boot on, and becomes active once the Jobs service was reached with it. One key of the
 * storage says which is which, so that a power cut leaves the old values or the new ones.
 */
export class TwoVersions {
	private readonly path: string;
	/**
	 * Four bits each, from the lowest: active generation, candidate, boots with the candidate, generation that was reverted
	 * last, and why. It is stored as it is here.
	 */
	private state = 0;
	/** The generation that this boot works with. */
	readonly booted: Generation;
	private trialLimit: Timer | undefined;

	/**
	 * Once at each boot, before the values are read: counts the boots with a candidate, and reverts one that had too many.
	 *
	 * @param path the storage's domain. One that cannot be opened leaves the built-in values
	 */
	constructor(path: string) {
		this.path = path;
		const state = this.readKey(STATE);
		if (state?.byteLength === STATE_BYTES) this.state = new DataView(state.buffer).getUint32(0, true);
		if (this.onTrial) this.countBoot();
		this.booted = this.current;
	}

	/**
	 * Once at each boot: from now on the candidate has ten minutes to be kept, whatever becomes of the job that brought it.
	 *
	 * @param restart resets the device
	 */
	limitTrial(restart: () => void, logger: Logger): void {
		if (!this.onTrial) return;
		const giveUp = () => {
			logger.log(`${this.path}: the candidate did not reach the service in time`);
			this.revert("timeout");
			restart();
		};
		this.trialLimit = later(undefined, giveUp, TRIAL_MS, logger);
	}

	/** The generation whose values are read: the candidate while there is one. */
	get current(): Generation {
		return this.onTrial ? this.candidate : this.active;
	}

	get onTrial(): boolean {
		return this.candidate !== 0;
	}

	get active(): Generation {
		return generation(this.state);
	}

	/** 0 when there is none. */
	get candidate(): Generation {
		return generation(this.state >> 4);
	}

	/** The generation that `write` fills: the next candidate. */
	get spare(): Generation {
		return this.active === 1 ? 2 : 1;
	}

	/** Why this generation was given up; "" when it was not. */
	reverted(tried: Generation): Reverted {
		return generation(this.state >> 12) === tried ? (REASONS[(this.state >> 16) & 15] ?? "") : "";
	}

	/** @param generation the current one, unless another is said @returns undefined when it has no such value */
	read(name: string, generation: Generation = this.current): Uint8Array | undefined {
		return generation === 0 ? undefined : this.readKey(`${name}.${generation}`);
	}

	/** A value of the spare generation. @throws when the storage failed */
	write(name: string, value: Uint8Array): void {
		open(this.path).write(`${name}.${this.spare}`, value);
	}

	/** From the next boot on the spare generation is the candidate. @throws when the storage failed */
	beginTrial(): void {
		this.save(this.active, this.spare);
	}

	/** The candidate works: it is the active one from now on. */
	keep(): void {
		if (this.onTrial) this.save(this.candidate);
	}

	/** The candidate does not work: the next boot has the active values again. */
	revert(reason: Reverted): void {
		if (this.onTrial) this.save(this.active, 0, 0, this.candidate, REASONS.indexOf(reason));
	}

	/** The next boot has the built-in values. @throws when the storage failed */
	forget(): void {
		this.save(0);
	}

	private countBoot(): void {
		const boots = (this.state >> 8) & 15;
		try {
			if (boots >= MAX_BOOTS) this.revert("resets");
			else this.save(this.active, this.candidate, boots + 1);
		} catch {
			// The storage takes nothing more: the time limit alone ends the trial.
		}
	}

	private save(active: number, candidate = 0, boots = 0, reverted = 0, reason = 0): void {
		if (candidate === 0) Timer.clear(this.trialLimit);
		const state = active | (candidate << 4) | (boots << 8) | (reverted << 12) | (reason << 16);
		const bytes = new Uint8Array(STATE_BYTES);
		new DataView(bytes.buffer).setUint32(0, state, true);
		open(this.path).write(STATE, bytes);
		this.state = state;
	}

	private readKey(key: string): Uint8Array | undefined {
		try {
			const value = open(this.path).read(key);
			return value === undefined ? undefined : new Uint8Array(value as ArrayBuffer);
		} catch {
			return undefined;
		}
	}
}

function generation(bits: number): Generation {
	const value = bits & 15;
	return value === 1 || value === 2 ? value : 0;
}

/** Opened for each use, for uses are rare. @throws when it cannot be */
function open(path: string): Storage {
	return KeyValue.open({ path, mode: "r+", format: "buffer" });
}
