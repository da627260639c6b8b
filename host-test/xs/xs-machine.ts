import type { Hold } from "../clock.js";
import { type Machine, PowerCut } from "../machine/machine.js";
import { languageOperations } from "./language-operations.js";
import { networkOperations } from "./network-operations.js";
import { platformOperations } from "./platform-operations.js";
import {
	type Answer,
	type Call,
	NO_ANSWER,
	type Operations,
	type Post,
	type Sample,
	XsProcess,
	type XsProgram,
} from "./xs-process.js";

export interface XsMachineOptions extends XsProgram {
	/** Called each time the machine has nothing left to do. */
	readonly onSample?: ((sample: Sample, loaded: XsProcess) => void) | undefined;
}

/**
 * Runs the agent in XS instead of Node.js, as the program of a Machine. Its calls of the platform go over the bridge to the same
 * modules that serve the agent in Node.js, so that flash, faults and power are the same.
 */
export class XsMachine {
	readonly #machine: Machine;
	readonly #options: XsMachineOptions;
	readonly #process: XsProcess;
	readonly #operations: Operations;
	/** What is sent to the machine, one after the other, each when it is idle. */
	readonly #queue: (() => void)[] = [];
	#loaded = false;
	/** Set while the machine works: virtual time stands still. */
	#busy: Hold | undefined;
	#counted: ((lines: string) => void) | undefined;
	#collected: ((sample: Sample) => void) | undefined;

	constructor(machine: Machine, options: XsMachineOptions) {
		this.#machine = machine;
		this.#options = options;
		this.#busy = machine.hold();
		const post: Post = (...event) => this.#send(() => this.#process.event(...event));
		this.#operations = { ...languageOperations, ...platformOperations(machine, post), ...networkOperations(post) };
		this.#process = new XsProcess(options, {
			call: (call) => this.#call(call),
			trace: (text) => machine.hardware.trace(text),
			idle: (sample) => this.#idle(sample),
			census: (lines) => {
				this.#counted?.(lines);
				this.#counted = undefined;
			},
			ended: (reason) => machine.abort(new Error(reason)),
		});
		machine.own(() => {
			this.#process.kill();
			this.#busy?.();
		});
	}

	/** Collects all garbage. @returns the memory that is left in use */
	async collect(): Promise<Sample> {
		return await new Promise((resolve) => {
			this.#send(() => {
				this.#collected = resolve;
				this.#process.collect();
			});
		});
	}

	/** @returns what the program holds, for `readCensus` */
	async census(): Promise<string> {
		return await new Promise((resolve) => {
			this.#send(() => {
				this.#counted = resolve;
				this.#process.census();
			});
		});
	}

	/** From now on samples have the live peak. It takes time: garbage is collected at every n-th allocation. */
	watchLive(everyNth: number): void {
		this.#send(() => this.#process.watchLive(everyNth));
	}

	forgetPeaks(): void {
		this.#send(() => this.#process.forgetPeaks());
	}

	#idle(sample: Sample): void {
		if (!this.#loaded) {
			this.#loaded = true;
			this.#queue.push(() => this.#process.start());
		}
		this.#options.onSample?.(sample, this.#process);
		this.#collected?.(sample);
		this.#collected = undefined;
		const next = this.#queue.shift();
		if (next !== undefined) return next();
		this.#busy?.();
		this.#busy = undefined;
	}

	#send(message: () => void): void {
		if (this.#machine.dead) return;
		if (this.#busy !== undefined) {
			this.#queue.push(message);
			return;
		}
		this.#busy = this.#machine.hold();
		message();
	}

	#call(call: Call): Answer | typeof NO_ANSWER {
		let answer: Answer | typeof NO_ANSWER = NO_ANSWER;
		let thrown: unknown;
		this.#machine.enter(() => {
			try {
				answer = this.#perform(call);
			} catch (error) {
				thrown = error;
			}
		});
		if (this.#machine.dead || thrown instanceof PowerCut) return NO_ANSWER;
		if (thrown !== undefined) throw thrown;
		return answer;
	}

	#perform(call: Call): Answer {
		const operation = this.#operations[call.op];
		if (operation === undefined) throw new Error(`no operation ${call.op}`);
		return operation(call);
	}
}
