import assert from "node:assert/strict";
import type { JobExecutionStatus } from "../../../src/protocol/messages.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { group, Operator, thing } from "../kit/operator.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** All here happens in virtual time: hours and days in milliseconds. */
describe("A job's configuration", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	const things = Array.from({ length: 200 }, (_, i) => `device-${i}`);
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		operator = new Operator(emulator);
		for (const name of things) emulator.registry.createThing(name);
	});
	afterEach(() => lab.clear());

	const queued = (jobId: string) => emulator.service.job(jobId)?.rolledOut ?? 0;
	const end = (names: readonly string[], jobId: string, status: "SUCCEEDED" | "FAILED" | "REJECTED") => {
		for (const name of names) emulator.service.execute(name, { type: "update", jobId, request: { status } });
	};
	const statusOf = (name: string, jobId: string) => emulator.service.execution(name, jobId)?.status;
	const count = (jobId: string, status: JobExecutionStatus) =>
		things.filter((name) => statusOf(name, jobId) === status).length;
	const text = (time: number) => new Date(time).toISOString().slice(0, 16);

	describe("rollout", () => {
		it("takes maximumPerMinute things a minute", async () => {
			await operator.createJob("job", things.map(thing), { jobExecutionsRolloutConfig: { maximumPerMinute: 30 } });
			assert.equal(queued("job"), 30);
			for (const expected of [60, 90, 120, 150, 180, 200, 200]) {
				emulator.clock.advance(MINUTE);
				assert.equal(queued("job"), expected);
			}
			assert.equal(count("job", "QUEUED"), 200);
			assert.equal((await operator.job("job")).status, "IN_PROGRESS");
		});

		it("takes 1,000 things a minute by default", async () => {
			for (let i = 200; i < 1_500; i += 1) emulator.registry.createThing(`device-${i}`);
			await operator.group("all", []);
			for (let i = 0; i < 1_500; i += 1) emulator.registry.addToGroup("all", `device-${i}`);
			await operator.createJob("job", [group("all")]);
			assert.equal(queued("job"), 1_000);
			emulator.clock.advance(MINUTE);
			assert.equal(queued("job"), 1_500);
		});

		it("grows with notified things: 5, 10, 20, 40 a minute after 20, 40, 60", async () => {
			const exponentialRate = {
				baseRatePerMinute: 5,
				incrementFactor: 2,
				rateIncreaseCriteria: { numberOfNotifiedThings: 20 },
			};
			const jobExecutionsRolloutConfig = { maximumPerMinute: 1_000, exponentialRate };
			await operator.createJob("job", things.map(thing), { jobExecutionsRolloutConfig });
			const minutes: number[] = [];
			for (let before = 0; before < 200; ) {
				minutes.push(queued("job") - before);
				before = queued("job");
				emulator.clock.advance(MINUTE);
			}
			assert.deepEqual(minutes, [5, 5, 5, 5, 10, 10, 20, 40, 100]);
		});

		it("grows with succeeded things, up to maximumPerMinute", async () => {
			const exponentialRate = {
				baseRatePerMinute: 10,
				incrementFactor: 3,
				rateIncreaseCriteria: { numberOfSucceededThings: 10 },
			};
			const jobExecutionsRolloutConfig = { maximumPerMinute: 50, exponentialRate };
			await operator.createJob("job", things.map(thing), { jobExecutionsRolloutConfig });
			emulator.clock.advance(MINUTE);
			assert.equal(queued("job"), 20, "nothing has succeeded yet");
			end(things.slice(0, 10), "job", "SUCCEEDED");
			emulator.clock.advance(MINUTE);
			assert.ok(queued("job") >= 50, `${queued("job")}`);
			end(things.slice(10, 20), "job", "SUCCEEDED");
			const before = queued("job");
			emulator.clock.advance(MINUTE);
			assert.equal(queued("job") - before, 50);
		});

		it("may be made faster while it goes on", async () => {
			await operator.createJob("job", things.map(thing), { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } });
			emulator.clock.advance(5 * MINUTE);
			assert.equal(queued("job"), 6);
			await operator.must("PATCH", "/jobs/job", { jobExecutionsRolloutConfig: { maximumPerMinute: 100 } });
			assert.equal(queued("job"), 106);
		});

		it("goes on while things succeed; the last one completes the job", async () => {
			await operator.createJob("job", things.slice(0, 100).map(thing), {
				jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
			});
			for (let minute = 0; minute < 100; minute += 1) {
				assert.equal(emulator.service.job("job")?.status, "IN_PROGRESS");
				end([`device-${minute}`], "job", "SUCCEEDED");
				emulator.clock.advance(MINUTE);
			}
			const { status, jobProcessDetails, completedAt, createdAt } = await operator.job("job");
			assert.deepEqual([status, jobProcessDetails.numberOfSucceededThings], ["COMPLETED", 100]);
			assert.equal(Number(completedAt) - Number(createdAt), 99 * 60);
		});
	});

	describe("abort criteria", () => {
		const abort = (failureType: string, thresholdPercentage: number, minNumberOfExecutedThings: number) => ({
			abortConfig: {
				criteriaList: [{ failureType, action: "CANCEL", thresholdPercentage, minNumberOfExecutedThings }],
			},
		});

		it("cancel what is queued at their threshold; what runs goes on", async () => {
			const rollout = { jobExecutionsRolloutConfig: { maximumPerMinute: 50 } };
			await operator.createJob("job", things.map(thing), { ...abort("FAILED", 20, 10), ...rollout });
			emulator.service.execute("device-40", { type: "startNext" });
			end(things.slice(0, 8), "job", "SUCCEEDED");
			end(["device-8"], "job", "FAILED");
			assert.equal((await operator.job("job")).status, "IN_PROGRESS", "9 have ended");
			end(["device-9"], "job", "FAILED");
			const { status, comment } = await operator.job("job");
			assert.deepEqual([status, comment], ["CANCELED", "The abort criteria are met"]);
			assert.deepEqual([count("job", "CANCELED"), count("job", "IN_PROGRESS"), count("job", "QUEUED")], [39, 1, 0]);
			emulator.clock.advance(10 * MINUTE);
			assert.equal(queued("job"), 50);
			end(["device-40"], "job", "SUCCEEDED");
			assert.equal(count("job", "SUCCEEDED"), 9);
		});

		it("of one kind do not count another; ALL counts each", async () => {
			await operator.createJob("rejected", things.map(thing), abort("REJECTED", 10, 1));
			end(things.slice(0, 50), "rejected", "FAILED");
			assert.equal((await operator.job("rejected")).status, "IN_PROGRESS");
			await operator.createJob("all", things.map(thing), abort("ALL", 50, 4));
			end(["device-0"], "all", "REJECTED");
			end(["device-1", "device-2"], "all", "SUCCEEDED");
			assert.equal((await operator.job("all")).status, "IN_PROGRESS");
			end(["device-3"], "all", "FAILED");
			assert.equal((await operator.job("all")).status, "CANCELED");
		});

		it("end retries too", async () => {
			const retries = { jobExecutionsRetryConfig: { criteriaList: [{ failureType: "FAILED", numberOfRetries: 5 }] } };
			await operator.createJob("job", things.slice(0, 2).map(thing), { ...abort("ALL", 100, 2), ...retries });
			end(["device-0"], "job", "FAILED");
			assert.equal(statusOf("device-0", "job"), "QUEUED", "it is tried again");
			end(["device-1"], "job", "REJECTED");
			assert.equal((await operator.job("job")).status, "CANCELED");
			assert.equal(statusOf("device-0", "job"), "CANCELED");
		});
	});

	describe("timeouts and retries", () => {
		it("a TIMED_OUT execution is tried again as often as was said", async () => {
			const options = {
				timeoutConfig: { inProgressTimeoutInMinutes: 300 },
				jobExecutionsRetryConfig: { criteriaList: [{ failureType: "TIMED_OUT", numberOfRetries: 2 }] },
			};
			await operator.createJob("job", [thing("device-0")], options);
			for (const attempt of [1, 2, 3]) {
				emulator.service.execute("device-0", { type: "startNext" });
				emulator.clock.advance(5 * HOUR - 1_000);
				assert.equal(emulator.service.execution("device-0", "job", attempt)?.status, "IN_PROGRESS");
				emulator.clock.advance(1_000);
				assert.equal(emulator.service.execution("device-0", "job", attempt)?.status, "TIMED_OUT");
			}
			const { status, jobProcessDetails } = await operator.job("job");
			assert.deepEqual([status, jobProcessDetails.numberOfTimedOutThings], ["COMPLETED", 3]);
		});
	});

	describe("schedule", () => {
		it("begins at its start time, days from now, and not before", async () => {
			const start = emulator.clock.now() + 3 * 24 * HOUR;
			const rounded = Math.floor(start / MINUTE) * MINUTE;
			await operator.createJob("job", [thing("device-0")], { schedulingConfig: { startTime: text(start) } });
			assert.equal((await operator.job("job")).status, "SCHEDULED");
			emulator.clock.advance(rounded - emulator.clock.now() - 1_000);
			assert.equal(statusOf("device-0", "job"), undefined);
			emulator.clock.advance(1_000);
			assert.equal(statusOf("device-0", "job"), "QUEUED");
			assert.equal((await operator.job("job")).status, "IN_PROGRESS");
		});

		for (const [endBehavior, status, first, second] of [
			[undefined, "IN_PROGRESS", "IN_PROGRESS", "QUEUED"],
			["STOP_ROLLOUT", "IN_PROGRESS", "IN_PROGRESS", "QUEUED"],
			["CANCEL", "CANCELED", "IN_PROGRESS", "CANCELED"],
			["FORCE_CANCEL", "CANCELED", "CANCELED", "CANCELED"],
		] as const) {
			it(`with ${endBehavior ?? "no end behaviour"}: ${status} at the end time`, async () => {
				const endTime = text(emulator.clock.now() + 2 * HOUR);
				await operator.createJob("job", things.map(thing), {
					schedulingConfig: { endTime, endBehavior },
					jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
				});
				emulator.service.execute("device-0", { type: "startNext" });
				emulator.clock.advance(2 * HOUR);
				const stoppedAt = queued("job");
				assert.ok(stoppedAt > 115 && stoppedAt < 125, `${stoppedAt}`);
				assert.equal((await operator.job("job")).status, status);
				assert.deepEqual([statusOf("device-0", "job"), statusOf("device-1", "job")], [first, second]);
				emulator.clock.advance(HOUR);
				assert.equal(queued("job"), stoppedAt);
				if (status !== "IN_PROGRESS") return;
				end(things.slice(0, stoppedAt), "job", "SUCCEEDED");
				assert.equal((await operator.job("job")).status, "COMPLETED");
			});
		}

		it("rolls a continuous job out in its maintenance windows only", async () => {
			const [windows, duration] = ["cron(0 2 ? * * *)", 30]; // each night from 2:00 to 2:30, UTC
			await operator.group("all", things.slice(0, 100));
			await operator.createJob("job", [group("all")], {
				targetSelection: "CONTINUOUS",
				jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
				schedulingConfig: { maintenanceWindows: [{ startTime: windows, durationInMinutes: duration }] },
			});
			const day = 24 * HOUR;
			const midnight = Math.ceil(emulator.clock.now() / day) * day;
			emulator.clock.advance(midnight - emulator.clock.now());
			const atMidnight = queued("job");
			emulator.clock.advance(2 * HOUR - 1_000);
			assert.equal(queued("job"), atMidnight);
			emulator.clock.advance(5 * MINUTE + 1_000);
			assert.equal(queued("job"), atMidnight + 6);
			emulator.clock.advance(20 * HOUR);
			assert.equal(queued("job"), atMidnight + 30);
			const { scheduledJobRollouts } = await operator.job("job");
			const next = (scheduledJobRollouts as { startTime: string }[])[0]?.startTime;
			assert.equal(next, new Date(midnight + day + 2 * HOUR).toISOString().slice(0, 16).replace("T", " "));
			emulator.clock.advance(3 * day);
			assert.equal(count("job", "QUEUED"), 100);
		});
	});

	describe("targets", () => {
		it("a SNAPSHOT job is for who is in the group now, by whatever path", async () => {
			await operator.group("floor", ["device-0", "device-1"]);
			await operator.group("room", ["device-2"], "floor");
			await operator.createJob("job", [group("floor"), thing("device-0"), thing("device-3")]);
			await operator.join("floor", "device-4");
			assert.deepEqual(
				things.slice(0, 5).map((name) => statusOf(name, "job")),
				["QUEUED", "QUEUED", "QUEUED", "QUEUED", undefined],
			);
			end(things.slice(0, 4), "job", "SUCCEEDED");
			assert.equal((await operator.job("job")).status, "COMPLETED");
		});

		it("a SNAPSHOT job of an empty group is complete at once", async () => {
			await operator.group("nobody", []);
			await operator.createJob("job", [group("nobody")]);
			assert.equal((await operator.job("job")).status, "COMPLETED");
		});

		it("a CONTINUOUS job comes to who joins, and is removed from who leaves", async () => {
			await operator.group("all", ["device-0"]);
			await operator.createJob("job", [group("all")], { targetSelection: "CONTINUOUS" });
			await operator.join("all", "device-1");
			assert.equal(statusOf("device-1", "job"), "QUEUED");
			await operator.leave("all", "device-1");
			assert.equal(statusOf("device-1", "job"), "REMOVED");
			end(["device-0"], "job", "SUCCEEDED");
			const { status, jobProcessDetails } = await operator.job("job");
			assert.deepEqual([status, jobProcessDetails.numberOfRemovedThings], ["IN_PROGRESS", 1]);
			await operator.join("all", "device-1");
			const again = emulator.service.execution("device-1", "job");
			assert.deepEqual([again?.status, again?.executionNumber], ["QUEUED", 2]);
		});

		it("a CONTINUOUS job takes more targets, at most 100; a SNAPSHOT job does not", async () => {
			await operator.createJob("job", [thing("device-0")], { targetSelection: "CONTINUOUS" });
			await operator.must("POST", "/jobs/job/targets", { targets: [thing("device-1")], comment: "one more" });
			assert.equal(statusOf("device-1", "job"), "QUEUED");
			const many = things.slice(2, 102).map(thing);
			const { status, type } = await operator.call("POST", "/jobs/job/targets", { targets: many });
			assert.deepEqual([status, type], [410, "LimitExceededException"]);
			await operator.createJob("snapshot", [thing("device-0")]);
			const refused = await operator.call("POST", "/jobs/snapshot/targets", { targets: [thing("device-1")] });
			assert.deepEqual([refused.status, refused.type], [400, "InvalidRequestException"]);
		});

		it("a deleted thing takes its executions along, which may complete a job", async () => {
			await operator.group("all", ["device-0", "device-1"]);
			await operator.createJob("job", [group("all")]);
			end(["device-0"], "job", "SUCCEEDED");
			await operator.deleteThing("device-1");
			const { status, jobProcessDetails } = await operator.job("job");
			assert.deepEqual([status, jobProcessDetails.numberOfQueuedThings], ["COMPLETED", 0]);
			assert.equal((await operator.call("GET", "/things/device-1")).status, 404);
		});
	});
});
