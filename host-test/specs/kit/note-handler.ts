import type { Handler, Job, JobContext } from "../../../src/agent/handler.js";

/** `{"operation": "note", "steps": 3}`: notes what it does where a test can read it, with progress on the way. */
export class NoteHandler implements Handler {
	readonly operation = "note";
	readonly #notes: string[];

	/** @param notes the effects, in a place that no reset reaches */
	constructor(notes: string[]) {
		this.#notes = notes;
	}

	start(job: Job, context: JobContext): void {
		this.#notes.push(job.jobId);
		this.#step(1, Number(job.document.steps), context);
	}

	#step(step: number, steps: number, context: JobContext): void {
		if (context.ended) return;
		if (step > steps) return context.succeed({ steps: String(steps) });
		context.progress({ step: String(step) });
		context.after(2_000, () => this.#step(step + 1, steps, context));
	}
}
