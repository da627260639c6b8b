import type { Command } from "../../emulator/jobs/operations.js";

const MINUTE = 60_000;

interface Entry {
	readonly jobId: string;
	readonly number: number;
	status: string;
	version: number;
	timeout: number | undefined;
	timeoutAt: number;
	stepAt: number;
	retries: Record<string, number>;
	isHeld: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The rules of the service once more, written as plainly as can be and in another way than the model: one list, changed in
 * place, and no thought of cost. What the model says has to agree with it.
 */
export class Account {
	/** In the order in which they were queued. */
	readonly #list: Entry[] = [];

	rows(): string[] {
		const row = ({ jobId, number, status, version }: Entry) => `${jobId}#${number} ${status} ${version}`;
		return [
			...this.#open().map(row),
			...this.#list
				.filter((entry) => !isOpen(entry))
				.map(row)
				.sort(),
		];
	}

	take(command: Command, now: number): void {
		switch (command.type) {
			case "queue":
				return this.#queue(command.jobId, command.inProgressTimeoutInMinutes, command.retries ?? {});
			case "startNext":
				return this.#startNext(command.stepTimeoutInMinutes, now);
			case "update":
				return this.#update(command, now);
			case "cancel":
				return this.#operate(command.jobId, (entry) => {
					if (command.force || entry.status === "QUEUED") this.#end(entry, "CANCELED");
				});
			case "remove":
				return this.#operate(command.jobId, (entry) => {
					if (command.force || entry.status === "QUEUED") entry.status = "REMOVED";
					else entry.retries = {};
				});
			case "hold":
				return this.#operate(command.jobId, (entry) => {
					entry.isHeld = command.isHeld;
				});
			case "stopRetries":
				return this.#operate(command.jobId, (entry) => {
					entry.retries = {};
				});
			case "delete":
				return this.#delete(command);
			case "tick":
				for (const entry of this.#open()) if (dueAt(entry) <= now) this.#end(entry, "TIMED_OUT");
				return;
		}
	}

	#operate(jobId: string, act: (entry: Entry) => void): void {
		const entry = this.#open().find((one) => one.jobId === jobId);
		if (entry !== undefined) act(entry);
	}

	#open(): Entry[] {
		return this.#list.filter(isOpen);
	}

	#queue(jobId: string, timeout: number | undefined, retries: Record<string, number>, isHeld = false): void {
		const number = 1 + Math.max(0, ...this.#list.filter((entry) => entry.jobId === jobId).map((entry) => entry.number));
		const timers = { timeout, timeoutAt: NEVER, stepAt: NEVER };
		this.#list.push({ jobId, number, status: "QUEUED", version: 1, ...timers, retries, isHeld });
	}

	#startNext(minutes: number | undefined, now: number): void {
		const open = this.#open();
		const running = open.find(({ status }) => status === "IN_PROGRESS");
		const entry = running ?? open.find(({ isHeld }) => !isHeld);
		if (entry === undefined) return;
		if (running === undefined) this.#progress(entry, now);
		setStep(entry, minutes, now);
	}

	#update({ jobId, request }: Command & { type: "update" }, now: number): void {
		const { executionNumber, expectedVersion, status, stepTimeoutInMinutes } = request;
		const known = this.#list.filter((entry) => entry.jobId === jobId);
		const number = executionNumber ?? Math.max(...known.map((entry) => entry.number));
		const entry = known.find((one) => one.number === number);
		if (entry === undefined || !isOpen(entry)) return;
		if (expectedVersion !== undefined && expectedVersion !== entry.version) return;
		if (status !== "IN_PROGRESS") return this.#end(entry, status);
		this.#progress(entry, now);
		setStep(entry, stepTimeoutInMinutes, now);
	}

	#progress(entry: Entry, now: number): void {
		if (entry.status === "QUEUED" && entry.timeout !== undefined) entry.timeoutAt = now + entry.timeout * MINUTE;
		entry.status = "IN_PROGRESS";
		entry.version += 1;
	}

	#end(entry: Entry, status: string): void {
		entry.status = status;
		entry.version += 1;
		if (status !== "FAILED" && status !== "TIMED_OUT") return;
		const used = [status, "ALL"].find((type) => (entry.retries[type] ?? 0) > 0);
		if (used === undefined) return;
		const retries = { ...entry.retries, [used]: (entry.retries[used] as number) - 1 };
		this.#queue(entry.jobId, entry.timeout, retries, entry.isHeld);
	}

	#delete({ jobId, executionNumber, force }: Command & { type: "delete" }): void {
		const at = this.#list.findIndex((entry) => entry.jobId === jobId && entry.number === executionNumber);
		const entry = this.#list[at];
		if (entry !== undefined && (force || !isOpen(entry))) this.#list.splice(at, 1);
	}
}

function isOpen({ status }: Entry): boolean {
	return status === "QUEUED" || status === "IN_PROGRESS";
}

function dueAt({ timeoutAt, stepAt }: Entry): number {
	return Math.min(timeoutAt, stepAt);
}

function setStep(entry: Entry, minutes: number | undefined, now: number): void {
	if (minutes !== undefined) entry.stepAt = minutes === -1 ? NEVER : now + minutes * MINUTE;
}
