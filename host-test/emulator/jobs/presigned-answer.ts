import type { JobDocument, JobExecution } from "../../../src/protocol/messages.js";
import type { Command, Result } from "./operations.js";

/** The document of a job as a device gets it. */
type WithUrls = (jobId: string, document: JobDocument) => JobDocument;

/** A command's result as the device gets it, wherever the document stands in it. Pure. */
export function resultWithUrls(command: Command, result: Result, withUrls: WithUrls): Result {
	const { execution, jobDocument } = (result.accepted ?? {}) as {
		execution?: JobExecution;
		jobDocument?: JobDocument;
	};
	if (execution !== undefined) {
		return { ...result, accepted: { ...result.accepted, execution: executionWithUrls(execution, withUrls) } };
	}
	if (jobDocument === undefined || command.type !== "update") return result;
	return { ...result, accepted: { ...result.accepted, jobDocument: withUrls(command.jobId, jobDocument) } };
}

/** An execution as a device gets it. Pure. */
export function executionWithUrls(execution: JobExecution, withUrls: WithUrls): JobExecution {
	const { jobId, jobDocument } = execution;
	return jobDocument === undefined ? execution : { ...execution, jobDocument: withUrls(jobId, jobDocument) };
}
