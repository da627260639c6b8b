import type { Logger } from "../base/log.js";
import type { JobDocument } from "../protocol/messages.js";
import type { Handler } from "./handler.js";

/** The handlers of an application, by operation. They are few: a list is smaller than a map. */
export class HandlerRegistry {
	private readonly handlers: Handler[] = [];

	/** @throws when the operation's name is empty, longer than 32 bytes, or taken */
	add(handler: Handler): this {
		const { operation } = handler;
		if (operation === "" || ArrayBuffer.fromString(operation).byteLength > 32) {
			throw new RangeError(`operation "${operation}": 1 to 32 bytes`);
		}
		if (this.find(operation) !== undefined) throw new Error(`operation "${operation}" has a handler`);
		this.handlers.push(handler);
		return this;
	}

	/** By the document's operation; a document without one goes to the handler that understands it. */
	findFor(document: JobDocument | undefined): Handler | undefined {
		if (document === undefined || document.operation !== undefined) return this.find(document?.operation);
		return this.handlers.find((handler) => understands(handler, document));
	}

	find(operation: unknown): Handler | undefined {
		return this.handlers.find((handler) => handler.operation === operation);
	}

	/** The operations that are known, for the operator who asked for another one. */
	names(): string {
		return this.handlers.map((handler) => handler.operation).join(" ");
	}

	/** The agent starts. What a handler throws is logged. */
	started(logger: Logger): void {
		for (const handler of this.handlers) {
			try {
				handler.atBoot?.(logger);
			} catch (error) {
				logger.log(`${handler.operation}: atBoot threw ${String(error)}`);
			}
		}
	}
}

/** A handler that throws at a document does not take it: else the job would come back, and throw, for ever. */
function understands(handler: Handler, document: JobDocument): boolean {
	try {
		return handler.understands?.(document) ?? false;
	} catch {
		return false;
	}
}
