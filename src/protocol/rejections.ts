import type { ErrorCode } from "./messages.js";
import { Operation } from "./topics.js";

/** What the agent does when the service rejects a report. */
export type Act =
	/** It may go better later: the same request again, after a back-off. */
	| "retry"
	/** The rejection carries the execution's state: make the record agree with it, and go on from there. */
	| "settle"
	/** The execution has ended or is gone: stop the handler, forget it, ask for the next one. */
	| "drop"
	/**
	 * The request itself was wrong, which is the agent's fault: never send the same again. Over HTTPS the execution is described
	 * first, since another version than expected may be told so.
	 */
	| "ownFault";

/** The act for each code. Source: AWS IoT developer guide, "Jobs MQTT API operations", error codes. */
export const ACTS: Readonly<Record<ErrorCode, Act>> = Object.freeze(
	{
		RequestThrottled: "retry",
		InternalError: "retry",
		VersionMismatch: "settle",
		InvalidStateTransition: "settle",
		TerminalStateReached: "drop",
		ResourceNotFound: "drop",
		InvalidTopic: "ownFault",
		InvalidJson: "ownFault",
		InvalidRequest: "ownFault",
	},
	true,
);

/** What the engine does about a rejected request. `askLater`: it asks for the next execution again, in an hour. */
export type Consequence = Act | "askLater";

/**
 * What a rejection leads to. The first line that fits counts; a code that is not known is met like `InvalidRequest`.
 *
 *     the code's act   the request                                 consequence
 *     retry            any                                         retry
 *     any              for the next execution: none is held        askLater
 *     ownFault         Describe of the execution that is held      ownFault
 *     any other        Describe of the execution that is held      drop
 *     any              Update                                      the code's act
 */
export function consequenceOf(code: ErrorCode | undefined, operation: Operation, isHeld: boolean): Consequence {
	const act = (code !== undefined && ACTS[code]) || "ownFault";
	if (act === "retry") return act;
	if (!isHeld) return "askLater";
	return operation === Operation.Update || act === "ownFault" ? act : "drop";
}
