import type { Handler, Job, JobContext } from "../../../src/agent/handler.js";

/** `{"operation": "wait"}`: does what the test tells it to, and remembers what it was told. */
export class WaitHandler implements Handler {
	readonly operation = "wait";
	readonly told: string[] = [];
	context: JobContext | undefined;

	start(job: Job, context: JobContext): void {
		this.told.push(`start ${job.jobId}`);
		this.context = context;
		context.log(`${job.jobId} waits`);
	}

	resume(job: Job, context: JobContext): void {
		this.told.push(`resume ${job.jobId}`);
		this.context = context;
		context.log(`${job.jobId} waits again`);
	}

	cancel(): void {
		this.told.push("cancel");
	}
}
