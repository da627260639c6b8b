import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";
import { group, Operator, thing } from "../kit/operator.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const JOBS = "$aws/things/alpha/jobs";
const things = ["alpha", "beta", "gamma"];

describe("Jobs whose targets come and go", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	const CONTINUOUS = { targetSelection: "CONTINUOUS" };
	const execution = (name: string, number?: number) => emulator.service.execution(name, "job", number);
	const start = (name: string) => emulator.service.execute(name, { type: "startNext" });
	const end = (name: string, status: "SUCCEEDED" | "FAILED") =>
		emulator.service.execute(name, { type: "update", jobId: "job", request: { status } });
	const counts = async () => {
		const { jobProcessDetails } = await operator.job("job");
		return Object.fromEntries(Object.entries(jobProcessDetails).filter(([, value]) => Number(value) > 0));
	};

	it("who leaves: QUEUED is REMOVED in its version, IN_PROGRESS is finished", async () => {
		await operator.group("all", ["alpha", "beta"]);
		await operator.createJob("job", [group("all")], CONTINUOUS);
		start("beta");
		for (const name of ["alpha", "beta"]) await operator.leave("all", name);
		assert.deepEqual([execution("alpha")?.status, execution("alpha")?.versionNumber], ["REMOVED", 1]);
		assert.deepEqual([execution("beta")?.status, execution("beta")?.versionNumber], ["IN_PROGRESS", 2]);
		end("beta", "SUCCEEDED");
		assert.deepEqual(await counts(), { numberOfRemovedThings: 1, numberOfSucceededThings: 1 });
	});

	it("who has ended it and joins another target group, or rejoins: number 2, 3", async () => {
		for (const name of ["one", "two"]) await operator.group(name, name === "one" ? ["alpha", "beta"] : []);
		await operator.createJob("job", [group("one"), group("two")], CONTINUOUS);
		end("alpha", "SUCCEEDED");
		for (const name of ["alpha", "beta"]) await operator.join("two", name);
		assert.deepEqual([execution("alpha")?.executionNumber, execution("alpha")?.status], [2, "QUEUED"]);
		assert.equal(execution("beta")?.executionNumber, 1, "it has not ended its own");
		end("alpha", "FAILED");
		await operator.leave("one", "alpha");
		await operator.join("one", "alpha");
		assert.equal(execution("alpha")?.executionNumber, 3);
	});

	it("who leaves one of two target groups stays, and is not asked again", async () => {
		for (const name of ["one", "two"]) await operator.group(name, ["alpha"]);
		await operator.createJob("job", [group("one"), group("two")], CONTINUOUS);
		await operator.leave("one", "alpha");
		assert.deepEqual([execution("alpha")?.executionNumber, execution("alpha")?.status], [1, "QUEUED"]);
	});

	it("who joins later does not wait for the rollout rate", async () => {
		await operator.group("all", ["alpha", "beta"]);
		const rollout = { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } };
		await operator.createJob("job", [group("all")], { ...CONTINUOUS, ...rollout });
		assert.deepEqual([execution("alpha")?.status, execution("beta")], ["QUEUED", undefined]);
		await operator.join("all", "gamma");
		assert.equal(execution("gamma")?.status, "QUEUED");
		emulator.clock.advance(MINUTE);
		assert.equal(execution("beta")?.status, "QUEUED");
	});

	it("counts each attempt; a failure that is tried again may abort the job", async () => {
		const jobExecutionsRetryConfig = { criteriaList: [{ failureType: "FAILED", numberOfRetries: 5 }] };
		const criterion = {
			failureType: "FAILED",
			action: "CANCEL",
			thresholdPercentage: 50,
			minNumberOfExecutedThings: 3,
		};
		const abortConfig = { criteriaList: [criterion] };
		await operator.createJob("job", [thing("alpha")], { jobExecutionsRetryConfig, abortConfig });
		for (const failures of [1, 2]) {
			end("alpha", "FAILED");
			assert.deepEqual(await counts(), { numberOfFailedThings: failures, numberOfQueuedThings: 1 });
		}
		end("alpha", "FAILED");
		const { status, reasonCode, comment } = await operator.job("job");
		assert.equal(status, "CANCELED");
		assert.match(String(reasonCode), /^[A-Z_]+$/);
		assert.match(String(comment), /abort/);
		assert.deepEqual(await counts(), { numberOfFailedThings: 3, numberOfCanceledThings: 1 });
	});

	it("a thing that is deleted counts as removed, whatever it had to do", async () => {
		const rollout = { jobExecutionsRolloutConfig: { maximumPerMinute: 2 } };
		await operator.createJob("job", things.map(thing), rollout);
		start("alpha");
		for (const name of ["alpha", "gamma"]) await operator.deleteThing(name);
		end("beta", "SUCCEEDED");
		await operator.deleteThing("beta");
		emulator.clock.advance(MINUTE);
		assert.deepEqual(await counts(), { numberOfRemovedThings: 2, numberOfSucceededThings: 1 });
		assert.equal((await operator.job("job")).status, "COMPLETED");
	});

	describe("with a maintenance window from 2:00 to 2:30", () => {
		const window = { startTime: "cron(0 2 ? * * *)", durationInMinutes: 30 };
		let midnight: number;
		const create = async (members: string[], scheduling: object = {}) => {
			await operator.group("all", members);
			const schedulingConfig = { maintenanceWindows: [window], ...scheduling };
			await operator.createJob("job", [group("all")], { ...CONTINUOUS, schedulingConfig });
		};
		const status = async () => (await operator.job("job")).status;
		beforeEach(() => {
			midnight = Math.ceil(emulator.clock.now() / DAY) * DAY;
			emulator.clock.advance(midnight - emulator.clock.now());
		});

		it("the job is SCHEDULED before, between and after windows", async () => {
			await create(["alpha"]);
			const shown = async () => {
				const { status, isConcurrent } = await operator.job("job");
				return [status, isConcurrent, execution("alpha")?.status];
			};
			assert.deepEqual(await shown(), ["SCHEDULED", false, undefined]);
			emulator.clock.advance(2 * HOUR);
			assert.deepEqual(await shown(), ["IN_PROGRESS", false, "QUEUED"]);
			emulator.clock.advance(30 * MINUTE);
			assert.deepEqual(await shown(), ["SCHEDULED", false, "QUEUED"]);
			emulator.clock.advance(DAY);
			assert.deepEqual(await shown(), ["SCHEDULED", false, "QUEUED"]);
			emulator.clock.advance(DAY - 30 * MINUTE - 1);
			assert.deepEqual(await shown(), ["SCHEDULED", false, "QUEUED"]);
		});

		it("what is QUEUED is shown to devices in windows only; what runs goes on", async () => {
			await create(["alpha"]);
			emulator.clock.advance(2 * HOUR + 29 * MINUTE);
			let client = await MqttJsClient.connect(emulator);
			await client.client.subscribeAsync(`${JOBS}/notify`, { qos: 1 });
			const queued = async () => ((await client.ask(`${JOBS}/get`, {})).payload.queuedJobs as object[]).length;
			assert.equal(await queued(), 1);
			emulator.clock.advance(MINUTE);
			assert.deepEqual((await client.next(1)).payload.jobs, {});
			assert.equal(await queued(), 0);
			assert.equal((await client.ask(`${JOBS}/start-next`, {})).payload.execution, undefined);
			assert.equal((await client.ask(`${JOBS}/$next/get`, {})).payload.execution, undefined);
			await client.end();
			emulator.clock.advance(DAY - 31 * MINUTE);
			client = await MqttJsClient.connect(emulator);
			await client.client.subscribeAsync(`${JOBS}/notify`, { qos: 1 });
			emulator.clock.advance(MINUTE);
			assert.equal(Object.keys((await client.next(0)).payload.jobs as object).join(), "QUEUED");
			const { execution: started } = (await client.ask(`${JOBS}/start-next`, {})).payload;
			assert.equal((started as { jobId: string }).jobId, "job");
			await client.end();
			emulator.clock.advance(HOUR);
			client = await MqttJsClient.connect(emulator);
			assert.equal(await status(), "SCHEDULED");
			assert.equal(
				(await client.ask(`${JOBS}/job/update`, { status: "SUCCEEDED" })).topic,
				`${JOBS}/job/update/accepted`,
			);
			await client.end();
		});

		it("who joins between two windows gets it in the next", async () => {
			await create([]);
			await operator.join("all", "alpha");
			assert.equal(execution("alpha"), undefined);
			emulator.clock.advance(2 * HOUR);
			assert.equal(execution("alpha")?.status, "QUEUED");
		});

		it("the next seven are told, as far as the end time", async () => {
			await create(["alpha"]);
			const text = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");
			const told = async () =>
				((await operator.job("job")).scheduledJobRollouts as { startTime: string }[]).map(({ startTime }) => startTime);
			const days = [0, 1, 2, 3, 4, 5, 6].map((day) => text(midnight + day * DAY + 2 * HOUR));
			assert.deepEqual(await told(), days);
			await operator.must("DELETE", "/jobs/job?force=true");
			await operator.createJob("job", [group("all")], {
				...CONTINUOUS,
				schedulingConfig: { endTime: text(midnight + 2 * DAY), endBehavior: "CANCEL", maintenanceWindows: [window] },
			});
			assert.deepEqual(await told(), days.slice(0, 2));
			emulator.clock.advance(2 * DAY);
			assert.deepEqual([await status(), execution("alpha")?.status], ["CANCELED", "CANCELED"]);
		});

		it("after the end time what was rolled out is done, and the job is complete", async () => {
			const endTime = new Date(midnight + DAY).toISOString().slice(0, 16);
			await create(["alpha"], { endTime, endBehavior: "STOP_ROLLOUT" });
			emulator.clock.advance(DAY);
			assert.equal(await status(), "IN_PROGRESS");
			start("alpha");
			end("alpha", "SUCCEEDED");
			assert.equal(await status(), "COMPLETED");
		});

		it("a process that starts again keeps what the window hides", async () => {
			await create(["alpha"]);
			emulator.clock.advance(3 * HOUR);
			emulator.service.restart();
			start("alpha");
			assert.equal(execution("alpha")?.status, "QUEUED");
			emulator.clock.advance(DAY - HOUR);
			start("alpha");
			assert.equal(execution("alpha")?.status, "IN_PROGRESS");
		});
	});
});
