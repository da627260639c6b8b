import type { Handler, Job, JobContext } from "../agent/handler.js";

/**
 * `{"operation": "reboot"}`: resets the device. Done when the device has booted again, which the count of boots since the
 * checkpoint proves: no clock is asked.
 */
export class RebootHandler implements Handler {
	readonly operation = "reboot";

	start(_job: Job, context: JobContext): void {
		context.gate("reboot", () => {
			context.checkpoint(new Uint8Array([1]), { step: "reboot" });
			context.restart();
		});
	}

	resume(job: Job, context: JobContext): void {
		if (context.boots === 0) return this.start(job, context);
		context.succeed({ resetReason: context.resetReason });
	}
}
