import type { AnsweredState } from "./answers.js";
import { isTerminal } from "./answers.js";
import type { DeviceStatus } from "./messages.js";
import type { ExecutionRecord } from "./record.js";

/** What the service's word on the execution that is held means for the record. */
export type Verdict =
	/** The report whose answer was lost has been taken. */
	| "applied"
	/** It has ended, and not by a report of this device. */
	| "ended"
	/** Nobody else has touched it. */
	| "unchanged"
	/** Somebody else has changed it: its version is another one. */
	| "moved";

/**
 * The first line that fits counts.
 *
 *     status of the execution      its version          verdict
 *     the one that was reported    the record's + 1     applied
 *     a terminal one               any                  ended
 *     any                          the record's         unchanged
 *     any                          any other            moved
 *
 * @param reported what was sent and not yet confirmed
 */
export function reconcile(
	{ versionNumber }: ExecutionRecord,
	reported: DeviceStatus | undefined,
	state: AnsweredState,
): Verdict {
	if (state.status === reported && state.versionNumber === versionNumber + 1) return "applied";
	if (isTerminal(state.status)) return "ended";
	return state.versionNumber === versionNumber ? "unchanged" : "moved";
}
