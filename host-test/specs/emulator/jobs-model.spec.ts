import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobExecution } from "../../../src/protocol/messages.js";
import { type Execution, isTerminal, type Retries } from "../../emulator/jobs/execution.js";
import { apply, type Command, type Result } from "../../emulator/jobs/operations.js";
import { emptyThing, find, isSame, nextOf, type ThingJobs } from "../../emulator/jobs/thing-jobs.js";
import { Account } from "../kit/account.js";

const MINUTE = 60_000;

/** The model with its state and its clock in one hand. */
class Thing {
	state: ThingJobs = emptyThing("alpha");
	now = 1_700_000_000_000;

	do(command: Command): Result {
		const result = apply(this.state, command, this.now);
		this.state = result.state;
		return result;
	}

	queue(jobId: string, inProgressTimeoutInMinutes?: number, retries?: Retries): Result {
		return this.do({ type: "queue", jobId, document: { operation: "reboot" }, inProgressTimeoutInMinutes, retries });
	}

	update(jobId: string, request: Partial<(Command & { type: "update" })["request"]> = {}): Result {
		return this.do({ type: "update", jobId, request: { status: "IN_PROGRESS", ...request } });
	}

	startNext(stepTimeoutInMinutes?: number): Result {
		return this.do({ type: "startNext", stepTimeoutInMinutes });
	}

	status(jobId: string): string | undefined {
		return find(this.state, jobId)?.status;
	}
}

function notices({ notices: { notify, notifyNext } }: Result): string {
	return [notify && "notify", notifyNext && "notify-next"].filter(Boolean).join(" ") || "nothing";
}

describe("The Jobs model", () => {
	it("notifies exactly as in the worked example of AWS's API page", () => {
		const thing = new Thing();
		const told: string[] = [];
		const step = (result: Result) => told.push(`${notices(result)} (${nextOf(thing.state)?.jobId ?? "none"})`);
		step(thing.queue("job1"));
		step(thing.queue("job2"));
		step(thing.startNext());
		step(thing.queue("job3"));
		step(thing.update("job1", { status: "SUCCEEDED" }));
		step(thing.update("job3"));
		step(thing.update("job2", { status: "REJECTED" }));
		step(thing.do({ type: "delete", jobId: "job3", executionNumber: 1, force: true }));
		assert.deepEqual(told, [
			"notify notify-next (job1)",
			"notify (job1)",
			"nothing (job1)",
			"notify (job1)",
			"notify notify-next (job2)",
			"notify-next (job3)",
			"notify (job3)",
			"notify notify-next (none)",
		]);
	});

	it("hands out IN_PROGRESS before QUEUED, then the oldest", () => {
		const thing = new Thing();
		thing.queue("first");
		thing.queue("second");
		thing.update("second");
		const handed = thing.startNext().accepted?.execution as { jobId: string; versionNumber: number };
		assert.deepEqual([handed.jobId, handed.versionNumber], ["second", 2]);
		const again = thing.startNext();
		assert.deepEqual(again.accepted?.execution, handed);
		assert.equal(notices(again), "nothing");
	});

	it("refuses an update with another expected version, and names the current one", () => {
		const thing = new Thing();
		thing.queue("job");
		const { rejected } = thing.update("job", { status: "SUCCEEDED", expectedVersion: 99 });
		assert.equal(rejected?.code, "VersionMismatch");
		assert.equal(rejected?.message, "Expected version 99 but found version 1");
		assert.deepEqual(rejected?.executionState, { status: "QUEUED", versionNumber: 1 });
		assert.equal(thing.status("job"), "QUEUED");
	});

	it("refuses any change of an execution that has ended, with its state", () => {
		const thing = new Thing();
		thing.queue("job");
		thing.update("job", { status: "FAILED", statusDetails: { reason: "x" } });
		const { rejected } = thing.update("job", { status: "SUCCEEDED", expectedVersion: 2 });
		assert.equal(rejected?.code, "InvalidStateTransition");
		assert.deepEqual(rejected?.executionState, { status: "FAILED", statusDetails: { reason: "x" }, versionNumber: 2 });
		assert.equal(thing.do({ type: "describe", jobId: "job" }).rejected?.code, "TerminalStateReached");
	});

	it("knows nothing of a job that is not there, nor of another execution number", () => {
		const thing = new Thing();
		assert.equal(thing.update("job").rejected?.code, "ResourceNotFound");
		assert.equal(thing.do({ type: "describe", jobId: "job" }).rejected?.code, "ResourceNotFound");
		thing.queue("job");
		assert.equal(thing.update("job", { executionNumber: 2 }).rejected?.code, "ResourceNotFound");
		assert.deepEqual(new Thing().do({ type: "describe", jobId: "$next" }).accepted, {});
	});

	it("keeps status details that an update omits, or replaces all of them", () => {
		const thing = new Thing();
		thing.queue("job");
		thing.update("job", { statusDetails: { a: "1", b: "2" } });
		thing.update("job");
		assert.deepEqual(find(thing.state, "job")?.statusDetails, { a: "1", b: "2" });
		thing.update("job", { statusDetails: { c: "3" } });
		assert.deepEqual(find(thing.state, "job")?.statusDetails, { c: "3" });
	});

	it("times out by the first timer; an update moves the step timer only", () => {
		const thing = new Thing();
		thing.queue("job", 10);
		thing.startNext(2);
		thing.now += 1 * MINUTE;
		thing.update("job", { stepTimeoutInMinutes: 2 });
		thing.now += 2 * MINUTE - 1;
		assert.equal(thing.do({ type: "tick" }).state.pending.length, 1);
		thing.update("job", { stepTimeoutInMinutes: -1 });
		thing.now += 7 * MINUTE;
		assert.equal(thing.do({ type: "tick" }).state.pending.length, 1);
		thing.now += 1;
		assert.equal(notices(thing.do({ type: "tick" })), "notify notify-next");
		assert.equal(thing.status("job"), "TIMED_OUT");
	});

	it("cancels what is QUEUED, and what is IN_PROGRESS only by force", () => {
		const thing = new Thing();
		thing.queue("queued");
		thing.queue("running");
		thing.update("running");
		thing.do({ type: "cancel", jobId: "queued", force: false });
		thing.do({ type: "cancel", jobId: "running", force: false });
		assert.deepEqual([thing.status("queued"), thing.status("running")], ["CANCELED", "IN_PROGRESS"]);
		thing.do({ type: "cancel", jobId: "running", force: true });
		assert.equal(thing.status("running"), "CANCELED");
	});

	it("cancels with the operator's details, and not at another version", () => {
		const thing = new Thing();
		thing.queue("job");
		const wrong = thing.do({ type: "cancel", jobId: "job", force: false, expectedVersion: 2 });
		assert.equal(wrong.rejected?.code, "VersionMismatch");
		thing.do({ type: "cancel", jobId: "job", force: false, expectedVersion: 1, statusDetails: { why: "recalled" } });
		assert.deepEqual(find(thing.state, "job")?.statusDetails, { why: "recalled" });
		const twice = thing.do({ type: "cancel", jobId: "job", force: true });
		assert.equal(twice.rejected?.code, "InvalidStateTransition");
		assert.equal(thing.do({ type: "cancel", jobId: "none", force: true }).rejected?.code, "ResourceNotFound");
	});

	it("deletes what has ended, and what is pending only by force", () => {
		const thing = new Thing();
		thing.queue("job");
		const refused = thing.do({ type: "delete", jobId: "job", executionNumber: 1, force: false });
		assert.equal(refused.rejected?.code, "InvalidStateTransition");
		assert.equal(notices(refused), "nothing");
		assert.equal(
			notices(thing.do({ type: "delete", jobId: "job", executionNumber: 1, force: true })),
			"notify notify-next",
		);
		assert.equal(thing.do({ type: "describe", jobId: "job" }).rejected?.code, "ResourceNotFound");
		thing.queue("over");
		thing.update("over", { status: "SUCCEEDED" });
		const gone = thing.do({ type: "delete", jobId: "over", executionNumber: 1, force: false });
		assert.deepEqual([gone.deleted?.status, notices(gone)], ["SUCCEEDED", "nothing"]);
	});

	it("makes QUEUED executions REMOVED when their thing leaves; what runs is finished", () => {
		const thing = new Thing();
		thing.queue("runs", undefined, { FAILED: 3 });
		thing.queue("waits");
		thing.startNext();
		assert.equal(notices(thing.do({ type: "remove", jobId: "waits" })), "notify");
		const { status, versionNumber } = find(thing.state, "waits") as Execution;
		assert.deepEqual([status, versionNumber], ["REMOVED", 1]);
		assert.equal(thing.update("waits", { status: "SUCCEEDED" }).rejected?.code, "InvalidStateTransition");
		assert.equal(notices(thing.do({ type: "remove", jobId: "runs" })), "nothing");
		thing.update("runs", { status: "FAILED" });
		assert.deepEqual([thing.status("runs"), thing.state.pending], ["FAILED", []]);
	});

	it("hides what is QUEUED outside a window, its retries too; what runs goes on", () => {
		const thing = new Thing();
		thing.queue("runs", undefined, { FAILED: 1 });
		thing.queue("waits");
		thing.startNext();
		assert.equal(notices(thing.do({ type: "hold", jobId: "waits", isHeld: true })), "notify");
		assert.equal(notices(thing.do({ type: "hold", jobId: "runs", isHeld: true })), "nothing");
		assert.equal(nextOf(thing.state)?.jobId, "runs");
		assert.equal(notices(thing.update("runs", { status: "FAILED" })), "notify notify-next");
		assert.deepEqual(thing.do({ type: "getPending" }).accepted, { inProgressJobs: [], queuedJobs: [] });
		assert.deepEqual(thing.do({ type: "describe", jobId: "$next" }).accepted, {});
		assert.equal(notices(thing.do({ type: "hold", jobId: "waits", isHeld: false })), "notify notify-next");
		assert.equal(nextOf(thing.state)?.jobId, "waits");
	});

	it("tries FAILED and TIMED_OUT again, as new executions at the queue's end", () => {
		const thing = new Thing();
		thing.queue("job", 1, { FAILED: 1, ALL: 1 });
		thing.queue("other");
		const failed = thing.update("job", { status: "FAILED", statusDetails: { reason: "x" } });
		assert.equal(notices(failed), "notify notify-next");
		assert.equal(nextOf(thing.state)?.jobId, "other");
		const second = find(thing.state, "job");
		assert.deepEqual(
			[second?.executionNumber, second?.versionNumber, second?.status, second?.retryAttempt, second?.statusDetails],
			[2, 1, "QUEUED", 1, undefined],
		);
		assert.equal(find(thing.state, "job", 1)?.status, "FAILED");
		thing.update("job");
		thing.now += MINUTE;
		thing.do({ type: "tick" });
		assert.equal(find(thing.state, "job", 2)?.status, "TIMED_OUT");
		assert.equal(find(thing.state, "job")?.executionNumber, 3);
		thing.update("job", { status: "FAILED" });
		assert.equal(find(thing.state, "job")?.executionNumber, 3, "the retries are used up");
	});

	it("never tries REJECTED again, nor what fails after a cancellation", () => {
		const thing = new Thing();
		thing.queue("rejected", undefined, { ALL: 10 });
		thing.update("rejected", { status: "REJECTED" });
		thing.queue("cancelled", undefined, { ALL: 10 });
		const { versionNumber } = thing.update("cancelled").state.pending[0] as Execution;
		const stopped = thing.do({ type: "stopRetries", jobId: "cancelled" });
		assert.equal(stopped.state.pending[0]?.versionNumber, versionNumber, "a device sees nothing of it");
		thing.update("cancelled", { status: "FAILED" });
		assert.deepEqual(thing.state.pending, []);
	});

	it("counts down approximateSecondsBeforeTimedOut, and shows none without a timer", () => {
		const thing = new Thing();
		thing.queue("job");
		const left = () => {
			const shown = thing.do({ type: "describe", jobId: "job" }).accepted?.execution as JobExecution | undefined;
			return shown?.approximateSecondsBeforeTimedOut;
		};
		assert.equal(left(), undefined);
		thing.startNext(2);
		thing.now += 30_500;
		assert.equal(left(), 90);
		thing.update("job", { stepTimeoutInMinutes: -1 });
		assert.equal(left(), undefined);
	});

	it("agrees with a plain account of the rules under any commands", () => {
		const numRuns = 10_000;
		fc.assert(fc.property(fc.array(anyCommand, { maxLength: 40 }), agree), { numRuns });
		process.stdout.write(`      ${numRuns} sequences\n`);
	});
});

const id = fc.constantFrom("a", "b", "c", "get");
const optionalStep = fc.option(fc.constantFrom(-1, 1, 5), { nil: undefined });
const optionalNumber = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const anyCommand: fc.Arbitrary<Command | { type: "wait"; minutes: number }> = fc.oneof(
	fc.record({
		type: fc.constant("queue" as const),
		jobId: id,
		document: fc.constant({}),
		inProgressTimeoutInMinutes: fc.option(fc.constantFrom(1, 3), { nil: undefined }),
		retries: fc.constantFrom({}, {}, { FAILED: 1 }, { TIMED_OUT: 2 }, { ALL: 2 }, { FAILED: 1, ALL: 1 }),
	}),
	fc.record({ type: fc.constant("startNext" as const), stepTimeoutInMinutes: optionalStep }),
	fc.record({ type: fc.constant("describe" as const), jobId: fc.oneof(id, fc.constant("$next")) }),
	fc.record({
		type: fc.constant("update" as const),
		jobId: id,
		request: fc.record({
			status: fc.constantFrom("IN_PROGRESS" as const, "SUCCEEDED" as const, "FAILED" as const, "REJECTED" as const),
			expectedVersion: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
			executionNumber: optionalNumber,
			stepTimeoutInMinutes: optionalStep,
		}),
	}),
	fc.record({ type: fc.constant("cancel" as const), jobId: id, force: fc.boolean() }),
	fc.record({
		type: fc.constant("delete" as const),
		jobId: id,
		executionNumber: fc.integer({ min: 1, max: 3 }),
		force: fc.boolean(),
	}),
	fc.record({ type: fc.constant("remove" as const), jobId: id, force: fc.boolean() }),
	fc.record({ type: fc.constant("stopRetries" as const), jobId: id }),
	fc.record({ type: fc.constant("hold" as const), jobId: id, isHeld: fc.boolean() }),
	fc.record({ type: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 4 }) }),
);

function agree(commands: readonly (Command | { type: "wait"; minutes: number })[]): void {
	const thing = new Thing();
	const account = new Account();
	for (const next of commands) {
		if (next.type === "wait") thing.now += next.minutes * MINUTE;
		const command: Command = next.type === "wait" ? { type: "tick" } : next;
		if (isQueuedAlready(thing.state, command)) continue;
		step(thing, command);
		account.take(command, thing.now);
		assert.deepEqual(account.rows(), rowsOf(thing.state), JSON.stringify(command));
	}
}

/** A job that is pending is not queued a second time: the service sees to that. */
function isQueuedAlready({ pending }: ThingJobs, command: Command): boolean {
	return command.type === "queue" && pending.some(({ jobId }) => jobId === command.jobId);
}

/** What of an execution a client can learn, in one line. */
function rowsOf({ pending, ended }: ThingJobs): string[] {
	const all: Execution[] = [...pending];
	for (let node = ended; node !== undefined; node = node.next) all.push(node.execution);
	const row = ({ jobId, executionNumber, status, versionNumber }: Execution) =>
		`${jobId}#${executionNumber} ${status} ${versionNumber}`;
	return [...pending.map(row), ...all.slice(pending.length).map(row).sort()];
}

/** One command, and what must be true of every one. */
function step(thing: Thing, command: Command): void {
	const before = thing.state;
	const result = thing.do(command);
	for (const execution of result.state.pending) {
		const earlier = before.pending.find((other) => isSame(other, execution));
		assertPending(execution, earlier);
	}
	assertNotices(before, result);
	if (result.rejected !== undefined) assert.equal(result.state, before, "what is rejected changes nothing");
	for (let node = before.ended; node !== undefined; node = node.next) {
		const { jobId, executionNumber, status } = node.execution;
		const now = find(result.state, jobId, executionNumber);
		assert.ok(now === undefined || now.status === status, "what has ended stays as it ended");
	}
}

function assertPending(execution: Execution, earlier: Execution | undefined): void {
	assert.ok(!isTerminal(execution.status));
	assert.equal(execution.startedAt === undefined, execution.status === "QUEUED");
	if (earlier === undefined) return;
	const by = execution.versionNumber - earlier.versionNumber;
	assert.ok(by === 0 || by === 1, "a command changes a version by one at most");
	if (by === 0) assert.equal(execution.lastUpdatedAt, earlier.lastUpdatedAt, "no change without a version");
	if (earlier.status === "IN_PROGRESS") assert.equal(execution.status, "IN_PROGRESS", "never back to QUEUED");
	if (earlier.inProgressDeadline !== undefined) {
		assert.equal(execution.inProgressDeadline, earlier.inProgressDeadline, "the in-progress timer never moves");
	}
}

/** What is told follows from what a listener could see, and from nothing else. */
function assertNotices(before: ThingJobs, { state, notices }: Result): void {
	const name = (execution: Execution | undefined) => execution && `${execution.jobId}#${execution.executionNumber}`;
	const isShown = ({ status, isHeld }: Execution) => status === "IN_PROGRESS" || isHeld !== true;
	const list = ({ pending }: ThingJobs) => pending.filter(isShown).map(name).join();
	assert.equal(notices.notify, list(before) !== list(state));
	assert.equal(notices.notifyNext, name(nextOf(before)) !== name(nextOf(state)));
}
