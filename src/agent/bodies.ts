import { toHex } from "./hex.js";
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

/** The report that the record describes. The same record gives the same report, over a reset too. */
export function updateBody(
	record: ExecutionRecord,
	status: DeviceStatus,
): UpdateJobExecutionRequest & { clientToken: string } {
	const { versionNumber, executionNumber, checkpoint } = record;
	let { details } = record;
	if (status === "IN_PROGRESS" && checkpoint !== undefined) {
		// A device whose flash was erased finds here how far it was.
		details = { ...details, checkpoint: toHex(checkpoint) };
	}
	return {
		status,
		...(details !== undefined && { statusDetails: details }),
		expectedVersion: versionNumber,
		executionNumber,
		includeJobExecutionState: true,
		clientToken: `${executionNumber}-${versionNumber}-${status}`,
	};
}
