import type {
	DescribeJobExecutionRequest,
	DeviceStatus,
	StartNextPendingJobExecutionRequest,
	UpdateJobExecutionRequest,
} from "./messages.js";
import type { ExecutionRecord } from "./record.js";

/** A request that can be told by its answer. */
type WithToken<T> = T & { clientToken: string };

/** @param stepMinutes how long the service may wait for the first report; 0 asks for no step timer */
export function startNextBody(
	stepMinutes: number,
	clientToken: string,
): WithToken<StartNextPendingJobExecutionRequest> {
	return { clientToken, ...(stepMinutes > 0 && { stepTimeoutInMinutes: stepMinutes }) };
}

/** @param executionNumber undefined for `$next` */
export function describeBody(
	executionNumber: number | undefined,
	includeJobDocument: boolean,
	clientToken: string,
): WithToken<DescribeJobExecutionRequest> {
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
): WithToken<UpdateJobExecutionRequest> {
	const { versionNumber, executionNumber, checkpoint } = record;
	let { details } = record;
	const goesOn = status === "IN_PROGRESS";
	// Without details the service keeps those that it has.
	if (goesOn && details !== undefined && checkpoint !== undefined) {
		// A device whose flash was erased finds here how far it was.
		details = { ...details, checkpoint: checkpoint.toHex() };
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
