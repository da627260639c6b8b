import { toHex } from "../base/hex.js";
import type { DescribeJobExecutionRequest, DeviceStatus, UpdateJobExecutionRequest } from "./messages.js";
import type { ExecutionRecord } from "./record.js";

/** @param executionNumber undefined for `$next` */
export function describeBody(
	executionNumber: number | undefined,
	includeJobDocument: boolean,
	clientToken: string,
): DescribeJobExecutionRequest & { clientToken: string } {
	return { ...(executionNumber !== undefined && { executionNumber }), includeJobDocument, clientToken };
}

/**
 * The report that the record describes. The same record gives the same report, over a reset too.
 *
 * @param stepMinutes how long the service may wait for the next report; 0 asks for no step timer
 */
export function updateBody(
	record: ExecutionRecord,
	status: DeviceStatus,
	stepMinutes: number,
): UpdateJobExecutionRequest & { clientToken: string } {
	const { versionNumber, executionNumber, checkpoint } = record;
	let { details } = record;
	const goesOn = status === "IN_PROGRESS";
	// Without details the service keeps those that it has.
	if (goesOn && details !== undefined && checkpoint !== undefined) {
		// A device whose flash was erased finds here how far it was.
		details = { ...details, checkpoint: toHex(checkpoint) };
	}
	return {
		status,
		...(details !== undefined && { statusDetails: details }),
		expectedVersion: versionNumber,
		executionNumber,
		includeJobExecutionState: true,
		...(goesOn && stepMinutes > 0 && { stepTimeoutInMinutes: stepMinutes }),
		clientToken: `${executionNumber}-${versionNumber}-${status}`,
	};
}
