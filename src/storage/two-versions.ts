import KeyValue, { type Storage } from "embedded:storage/key-value";
import Timer from "timer";
import { type Logger, later } from "../base/timer.js";

/** Which values count: those that were built in, or one of the two generations in the storage. */
export type Generation = 0 | 1 | 2;

/** Why values that were tried do not count. */
export type Reverted = "" | "timeout" | "resets";

const STATE = "state";
const STATE_BYTES = 4;
const REASONS: readonly Reverted[] = Object.freeze(["", "timeout", "resets"], true);
/** A power cut is no fault of the values; a device that is reset again and again by them is. */
const MAX_BOOTS = 3;
/** How long new values may take to reach the Jobs service before the old ones come back. */
const TRIAL_MS = 600_000;

/**
 * Values that may lock a device out, such as its endpoint or its certificate: new ones are on trial from the next boot on, beside
 * those that are known to work, and count only once they were kept. One key says which count: a power cut changes nothing by halves.
 */
export class TwoVersions {
	readonly #path: string;
	/** Active, trial, boots on trial, generation that was reverted last, and why: four bits each, as they are in the storage. */
	#state = 0;
	/** Whether this boot works with the values that are on trial. */
	readonly inUse: boolean;
	#limit: Timer | undefined;

	/**
	 * Once at each boot, before the values are read: counts the boots of a trial, and ends one that had too many.
	 *
	 * @param path the storage's domain. What cannot be opened leaves the built-in values
	 */
	constructor(path: string) {
		this.#path = path;
		const state = this.#readKey(STATE);
		if (state?.byteLength === STATE_BYTES) this.#state = new DataView(state.buffer).getUint32(0, true);
		if (this.onTrial) this.#countBoot();
		this.inUse = this.onTrial;
	}

	/**
	 * Once at each boot: the time runs in which the values on trial have to be kept, whatever becomes of the job that brought them.
	 *
	 * @param restart resets the device
	 */
	limit(restart: () => void, logs: Logger): void {
		if (!this.inUse) return;
		const giveUp = () => {
			logs.log(`${this.#path}: the new values did not reach the service in time`);
			this.revert("timeout");
			restart();
		};
		this.#limit = later(giveUp, TRIAL_MS, logs);
	}

	/** The generation that counts in this boot. */
	get current(): Generation {
		return this.onTrial ? this.candidate : this.#active;
	}

	get onTrial(): boolean {
		return this.candidate !== 0;
	}

	get candidate(): Generation {
		return generation(this.#state >> 4);
	}

	/** Where the next values are written. */
	get spare(): Generation {
		return this.#active === 1 ? 2 : 1;
	}

	/** Whether this generation was tried and does not count, and why. */
	reverted(tried: Generation): Reverted {
		return generation(this.#state >> 12) === tried ? (REASONS[(this.#state >> 16) & 15] ?? "") : "";
	}

	/** A value of a generation. @returns undefined when it has none */
	read(name: string, from: Generation = this.current): Uint8Array | undefined {
		return from === 0 ? undefined : this.#readKey(`${name}.${from}`);
	}

	/** A value of the spare generation. @throws when the storage failed */
	write(name: string, value: Uint8Array): void {
		open(this.#path).write(`${name}.${this.spare}`, value);
	}

	/** From the next boot on the spare generation is on trial. @throws when the storage failed */
	begin(): void {
		this.#save(this.#active, this.spare);
	}

	/** They work: from now on they count. */
	keep(): void {
		if (this.onTrial) this.#save(this.candidate);
	}

	/** They do not: from the next boot on those before count. */
	revert(reason: Reverted): void {
		if (this.onTrial) this.#save(this.#active, 0, 0, this.candidate, REASONS.indexOf(reason));
	}

	/** The built-in values count from the next boot on. @throws when the storage failed */
	forget(): void {
		this.#save(0);
	}

	get #active(): Generation {
		return generation(this.#state);
	}

	#countBoot(): void {
		const boots = (this.#state >> 8) & 15;
		try {
			if (boots >= MAX_BOOTS) this.revert("resets");
			else this.#save(this.#active, this.candidate, boots + 1);
		} catch {
			// A storage that takes nothing more: the time limit alone ends the trial.
		}
	}

	#save(active: number, trial = 0, boots = 0, reverted = 0, reason = 0): void {
		if (trial === 0) Timer.clear(this.#limit);
		const state = active | (trial << 4) | (boots << 8) | (reverted << 12) | (reason << 16);
		const bytes = new Uint8Array(STATE_BYTES);
		new DataView(bytes.buffer).setUint32(0, state, true);
		open(this.#path).write(STATE, bytes);
		this.#state = state;
	}

	#readKey(key: string): Uint8Array | undefined {
		try {
			const value = open(this.#path).read(key);
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

/** Opened when it is needed: rarely. @throws when it cannot be */
function open(path: string): Storage {
	return KeyValue.open({ path, mode: "r+", format: "buffer" });
}
