import type { Handler, Job, JobContext } from "../agent/handler.js";
import type { JobDocument } from "../protocol/messages.js";

/**
 * The document of the `reboot` operation.
 */
export interface RebootDocument extends JobDocument {
	operation: "reboot";
}

/** AWS's managed template AWS-Reboot, as its jobs have it. */
export interface ManagedRebootDocument extends JobDocument {
	version: "1.0";
	/** @minItems 1 @maxItems 1 */
	steps: {
		action: { name: string; type: "runHandler"; input: { handler: "reboot.sh" | "reboot" }; runAsUser?: string };
	}[];
}

/**
 * `{"operation": "reboot"}`, or AWS's managed template AWS-Reboot: resets the device. The count of resets since the checkpoint
 * proves that it has booted again: no clock is asked.
 */
export class RebootHandler implements Handler {
	readonly operation = "reboot";

	get members(): string {
		return " steps action input handler ";
	}

	/** AWS-Reboot has one step, which calls the handler reboot, or a shell script of that name. */
	understands({ steps }: JobDocument): boolean {
		if (!Array.isArray(steps) || steps.length !== 1) return false;
		const handler = steps[0]?.action?.input?.handler;
		return handler === "reboot.sh" || handler === "reboot";
	}

	start(_job: Job, context: JobContext): void {
		context.gate("reboot", () => {
			context.checkpoint(new Uint8Array([1]), { step: "reboot" });
			context.restart();
		});
	}

	resume(job: Job, context: JobContext): void {
		if (context.resetsSinceCheckpoint === 0) return this.start(job, context);
		context.succeed({ resetReason: context.resetReason });
	}
}
