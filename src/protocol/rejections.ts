import type { ErrorCode } from "./messages.js";

/** What the agent does when the service rejects a request. */
export type Act =
	/** It may go better later: the same request again, after a back-off. */
	| "retry"
	/** The rejection carries the execution's state: make the record agree with it, and go on from there. */
	| "settle"
	/** The execution has ended or is gone: stop the handler, forget it, ask for the next one. */
	| "drop"
	/** The request itself was wrong, which is the agent's fault: never send the same again. */
	| "ownFault";

/** Source of the codes: AWS IoT developer guide, "Jobs MQTT API operations", error codes. */
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

/** A code that is not known is met like one that says that the request was wrong. */
export function actOn(code: ErrorCode | undefined): Act {
	return (code !== undefined && ACTS[code]) || "ownFault";
}
