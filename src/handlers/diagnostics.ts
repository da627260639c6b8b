import type { Handler, Job, JobContext } from "../agent/handler.js";
import type { JobDocument, StatusDetails } from "../protocol/messages.js";

/**
 * The document of the `diagnostics` operation.
 */
export interface DiagnosticsDocument extends JobDocument {
	operation: "diagnostics";
}

/** `{"operation": "diagnostics"}`: reports memory, uptime and the like in the status details. */
export class DiagnosticsHandler implements Handler {
	readonly operation = "diagnostics";
	private readonly measure: () => StatusDetails;

	/** @param measure what is reported: at most 9 pairs; what it throws fails the job */
	constructor(measure: () => StatusDetails) {
		this.measure = measure;
	}

	get members(): string {
		return "";
	}

	start(_job: Job, context: JobContext): void {
		context.succeed({ ...this.measure(), resetReason: context.resetReason });
	}
}
