import type { Logger } from "../base/log.js";
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
	/** Why the device was reset last, in the platform's word: "powerOn", "software" (an uncaught exception too), "taskWatchdog", ... */
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
	 * Keeps up to 96 bytes over a reset, and sets `resetsSinceCheckpoint` to 0. They are in storage when this returns. With details, the
	 * checkpoint is reported as well. Where the storage fails the job ends FAILED `storageFailed`, and this throws.
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
	 * with `handlerError`. What a socket or a client calls goes through `after(0, ...)`: if that threw, the machine would end.
	 */
	after(milliseconds: number, callback: () => void): void;
	log(text: string): void;
}

/**
 * How a kind of job is done. One object serves all jobs of its operation, one after the other.
 */
export interface Handler {
	/** The value of the document's `operation` that this handler does: at most 32 bytes of UTF-8. */
	readonly operation: string;
	/**
	 * Names of the members of its documents, at whatever depth: a space before and behind each. No others are parsed: XS never
	 * frees a name, and new ones in each document fill its memory. Without this all are parsed.
	 */
	readonly members?: string;
	/** Whether it does a document that has no `operation`: AWS's own forms. Throwing counts as false. */
	understands?(document: JobDocument): boolean;
	/**
	 * Once, as the agent starts, whatever the record holds. Handlers that can lock the device out (config, certificates, images)
	 * set their time limit here.
	 */
	atBoot?(logger: Logger): void;
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
