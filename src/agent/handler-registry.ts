import type { Logger } from "../base/log.js";
import { ANY_MEMBER, type MemberNames } from "../protocol/members.js";
import type { JobDocument } from "../protocol/messages.js";
import type { Handler } from "./handler.js";

/** Makes a handler when a job asks for it: it is in memory as long as the job is held. */
export interface HandlerMaker extends Pick<Handler, "operation" | "members" | "understands"> {
	makeHandler(): Handler;
	/** Whether something of this handler's is on trial as the agent starts: then it is made at once, and stays. Default false. */
	isOnTrial?(): boolean;
}

/** The handlers of an application, by operation. They are few: a list is smaller than a map. */
export class HandlerRegistry implements MemberNames {
	private readonly kinds: (Handler | HandlerMaker)[] = [];
	/** Made for the job that is held. */
	private made: Handler | undefined = undefined;

	/** @throws when the operation's name is empty, longer than 32 bytes, or taken */
	add(kind: Handler | HandlerMaker): this {
		const { operation } = kind;
		if (operation === "" || ArrayBuffer.fromString(operation).byteLength > 32) {
			throw new RangeError(`operation "${operation}": 1 to 32 bytes`);
		}
		if (this.kinds.some((other) => other.operation === operation)) {
			throw new Error(`operation "${operation}" has a handler`);
		}
		this.kinds.push(kind);
		return this;
	}

	/** By the document's operation; a document without one goes to the handler that understands it. */
	findFor(document: JobDocument | undefined): Handler | undefined {
		if (document === undefined || document.operation !== undefined) return this.find(document?.operation);
		return this.handlerOf(this.kinds.find((kind) => understands(kind, document)));
	}

	find(operation: unknown): Handler | undefined {
		return this.handlerOf(this.kinds.find((kind) => kind.operation === operation));
	}

	/** No job is held any more. */
	release(): void {
		this.made = undefined;
	}

	/** Without an operation it may be the document of each handler that understands such ones. */
	membersOf(operation: string): string {
		let all = "";
		// Not by forEach or filter: a closure takes slots, and this is on the path of each answer.
		for (let i = 0; i < this.kinds.length; i += 1) {
			const kind = this.kinds[i] as Handler;
			const isMeant = operation === "" ? kind.understands !== undefined : kind.operation === operation;
			if (isMeant && kind.members === undefined) return ANY_MEMBER;
			if (isMeant) all += kind.members;
		}
		return all;
	}

	/** The operations that are known, for the operator who asked for another one. */
	names(): string {
		return this.kinds.map((kind) => kind.operation).join(" ");
	}

	/** The agent starts. What a handler throws is logged. */
	started(logger: Logger): void {
		this.kinds.forEach((kind, i) => {
			try {
				const handler = "makeHandler" in kind ? kind.isOnTrial?.() && kind.makeHandler() : kind;
				if (!handler) return;
				this.kinds[i] = handler;
				handler.atBoot?.(logger);
			} catch (error) {
				logger.log(`${kind.operation}: atBoot threw ${String(error)}`);
			}
		});
	}

	private handlerOf(kind: Handler | HandlerMaker | undefined): Handler | undefined {
		if (kind === undefined || !("makeHandler" in kind)) return kind;
		if (this.made?.operation !== kind.operation) this.made = kind.makeHandler();
		return this.made;
	}
}

/** A handler that throws at a document does not take it: else the job would come back, and throw, for ever. */
function understands(kind: Handler | HandlerMaker, document: JobDocument): boolean {
	try {
		return kind.understands?.(document) ?? false;
	} catch {
		return false;
	}
}
