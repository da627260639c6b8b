import type { Logger } from "../base/timer.js";
import type { JobDocument, StatusDetails } from "../protocol/messages.js";
import type { Reason } from "../protocol/reasons.js";
import type { StreamListener, StreamPort } from "./streams.js";

/** The execution that a handler runs. */
export interface Job {
	readonly jobId: string;
	readonly executionNumber: number;
	/** What the operator wrote. It comes from outside: check every member before use. */
	readonly document: JobDocument;
}

/** What an application may defer: see `MqttAgentOptions.gate`. */
export type GatedStep = "download" | "reboot";

/**
 * What a handler may do with its execution. When the execution has ended, by the handler or from outside, every method
 * does nothing: a late callback is harmless.
 */
export interface JobContext {
	/** Resets since the last checkpoint (or since the claim). 1 or more proves that the device has booted since. */
	readonly resetsSinceCheckpoint: number;
	/** Why the device was reset last, in the platform's word: "powerOn", "software", "panic", ... */
	readonly resetReason: string;
	/** True once the execution has ended or was taken away. */
	readonly ended: boolean;

	/**
	 * Reports IN_PROGRESS, and is a sign of life. Reports that come faster than they are answered, or than `progressMs`, are
	 * joined: the last one counts.
	 */
	progress(details: StatusDetails): void;
	/** A sign of life without news: a handler that gives none for `stallMinutes` is given up with reason `stalled`. */
	alive(): void;
	/**
	 * Keeps up to 96 bytes over a reset, and sets `boots` to 0. They are in storage when this returns. With details, the
	 * checkpoint is reported as well.
	 */
	checkpoint(bytes: Uint8Array, details?: StatusDetails): void;

	succeed(details?: StatusDetails): void;
	/** The job was tried and did not work. `reason` comes first in the details. */
	fail(reason: Reason, details?: StatusDetails): void;
	/** The job cannot be done by this device at all, and was not begun. */
	reject(reason: Reason, details?: StatusDetails): void;

	/** Calls `proceed` when the application allows the step: at once, or hours later. */
	gate(step: GatedStep, proceed: () => void): void;
	/**
	 * Asks the service for the document again: a presigned URL in it is then a new one. `onDocument` is called when it has
	 * come, which may take until the next connection.
	 */
	refresh(onDocument: (document: JobDocument) => void): void;
	/**
	 * Reads an MQTT file stream (`$aws/things/<thing>/streams/<streamId>/...`) over the agent's own connection: one at a time.
	 *
	 * @returns undefined where the agent speaks HTTPS
	 */
	stream(streamId: string, listener: StreamListener): StreamPort | undefined;
	/** Resets the device, after the report that is on its way was answered or some seconds have passed. */
	restart(): void;
	/**
	 * Calls back after so many milliseconds, unless the execution has ended by then. What the callback throws fails the job
	 * with `handlerError`, and does not end the machine.
	 */
	after(milliseconds: number, callback: () => void): void;
	/**
	 * Makes a callback for the platform out of `callback`: what it throws fails the job with `handlerError`, and does
	 * not end the machine. Every callback that a handler gives to a socket or a client goes through this.
	 */
	guard<A extends unknown[]>(callback: (...args: A) => void): (...args: A) => void;
	log(text: string): void;
}

/**
 * How a kind of job is done. One object serves all jobs of its operation, one after the other.
 */
export interface Handler {
	/** The value of the document's `operation` that this handler does: at most 32 bytes of UTF-8. */
	readonly operation: string;
	/** Whether it does a document that has no `operation`: AWS's own forms. What it throws is a no. */
	accepts?(document: JobDocument): boolean;
	/**
	 * Once, as the agent starts, whatever the record holds: the place for a time limit that must not depend on it. What may lock the
	 * device out has one.
	 */
	atBoot?(logs: Logger): void;
	/** A new execution; also one that was started before a reset and left no checkpoint. */
	start(job: Job, context: JobContext): void;
	/** An execution with a checkpoint, after a reset. Needed by handlers that write checkpoints. */
	resume?(job: Job, context: JobContext, checkpoint: Uint8Array): void;
	/**
	 * Right after a reset, before the network is up, when the record holds a checkpoint of this operation. Neither the document nor
	 * the service's word is known yet.
	 */
	beforeNetwork?(context: JobContext, checkpoint: Uint8Array): void;
	/** The execution was taken away (cancelled, deleted, timed out): stop, and put things back in order. */
	cancel?(): void;
}

/** A handler that throws at a document does not take it: else the job would come back, and throw, for ever. */
function accepts(handler: Handler, document: JobDocument): boolean {
	try {
		return handler.accepts?.(document) ?? false;
	} catch {
		return false;
	}
}

/** Handlers by operation. They are few: a list is smaller than a map. */
export class HandlerRegistry {
	readonly #handlers: Handler[] = [];

	/** @throws when the operation's name is empty, longer than 32 bytes, or taken */
	add(handler: Handler): this {
		const { operation } = handler;
		if (operation === "" || ArrayBuffer.fromString(operation).byteLength > 32) {
			throw new RangeError(`operation "${operation}": 1 to 32 bytes`);
		}
		if (this.find(operation) !== undefined) throw new Error(`operation "${operation}" has a handler`);
		this.#handlers.push(handler);
		return this;
	}

	/** By the document's operation; a document without one goes to the handler that accepts it. */
	findFor(document: JobDocument | undefined): Handler | undefined {
		if (document === undefined || document.operation !== undefined) return this.find(document?.operation);
		for (const handler of this.#handlers) if (accepts(handler, document)) return handler;
		return undefined;
	}

	/** The agent starts. What a handler throws is logged. */
	started(logs: Logger): void {
		for (const handler of this.#handlers) {
			try {
				handler.atBoot?.(logs);
			} catch (error) {
				logs.log(`${handler.operation}: started threw ${String(error)}`);
			}
		}
	}

	find(operation: unknown): Handler | undefined {
		for (const handler of this.#handlers) if (handler.operation === operation) return handler;
		return undefined;
	}

	/** The operations that are known, for the operator who asked for another one. */
	names(): string {
		return this.#handlers.map((handler) => handler.operation).join(" ");
	}
}
