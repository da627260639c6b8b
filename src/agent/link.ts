import type { LogLevel } from "../base/log.js";
import type { Operation } from "../protocol/topics.js";

/** What a link sends. */
export interface JobsRequest {
	readonly operation: Operation | undefined;
	/** The job that is asked about, `$next`, or "" for StartNext. */
	readonly jobId: string;
	readonly topic: string;
	/** JSON */
	readonly payload: string;
}

/** What the engine needs of a connection. */
export interface Link {
	/** Whether the service tells of new executions by itself. */
	readonly notifies: boolean;
	/** The largest message that is received, in bytes; 0 where none comes that was not asked for. */
	readonly messageBytes: number;
	/** @returns false when the message could not be taken now; the request's time limit then brings it again */
	send(request: JobsRequest): boolean;
	/** Sends something else than a request to the Jobs service. @returns false when it cannot be taken now */
	publish(topic: string, payload: Uint8Array): boolean;
	/** The service answers: the connection is as good as it gets. */
	alive(): void;
	/** There is nothing to send, and no execution is held. */
	idle(): void;
	/** Gives the connection up and makes a new one, after a back-off. */
	reconnect(reason: string): void;
	/** Says goodbye, and connects no more. */
	close(): void;
}

/** What a link asks of the engine, and tells it. */
export interface LinkHost {
	/** What is subscribed to always. */
	readonly subscription: string;
	/** Where answers are published: AWS, and the emulator's own broker, send them to the client that asked without. */
	readonly answerTopics: readonly string[];
	online(link: Link): void;
	offline(): void;
	/**
	 * @param bytes begin with the message; valid during the call alone
	 * @param byteLength of the message; undefined when it was larger than the buffer
	 */
	receive(topic: string, bytes: Uint8Array, byteLength: number | undefined): void;
	/**
	 * The answer to the request that was sent last, over a link that knows which request an answer answers.
	 *
	 * @param payload JSON; undefined when the answer was larger than the buffer
	 */
	answer(accepted: boolean, payload: string | undefined): void;
	log(text: string, level?: LogLevel): void;
}
