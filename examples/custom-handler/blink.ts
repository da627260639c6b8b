import type { Handler, Job, JobContext } from "iot-jobs/agent/handler";

/** `{"operation": "blink", "times": 3}`: blinks, and after a reset goes on where it was. */
export class BlinkHandler implements Handler {
	readonly operation = "blink";

	start(job: Job, context: JobContext): void {
		const { times } = job.document;
		if (typeof times === "number" && times >= 1) return this.blink(0, times, context);
		context.reject("invalidDocument", { error: "times: 1 or more" });
	}

	resume(job: Job, context: JobContext, checkpoint: Uint8Array): void {
		this.blink(checkpoint[0] ?? 0, Number(job.document.times), context);
	}

	private blink(done: number, times: number, context: JobContext): void {
		if (context.ended) return; // cancelled meanwhile
		if (done >= times) return context.succeed({ blinks: String(done) });
		context.log(`blink ${done + 1}`);
		context.checkpoint(new Uint8Array([done + 1]), { blinks: String(done + 1) });
		context.after(500, () => this.blink(done + 1, times, context));
	}
}
