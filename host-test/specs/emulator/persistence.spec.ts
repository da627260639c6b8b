import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { VirtualClock } from "../../clock.js";
import { Emulator, type EmulatorAddresses } from "../../emulator/emulator.js";
import type { Command } from "../../emulator/jobs/operations.js";
import { retries } from "../kit/job-config.js";
import { keyDirectory } from "../kit/lab.js";
import { group, Operator, thing } from "../kit/operator.js";

const command = fileURLToPath(new URL("../../cli/iot-jobs.js", import.meta.url));

/** Keys take long to make. */
function copyKeys(directory: string): void {
	if (existsSync(keyDirectory)) cpSync(keyDirectory, directory, { recursive: true });
}

describe("The emulator's state", function () {
	this.timeout(60_000);
	let directory: string;
	let emulator: Emulator;
	let clock: VirtualClock;
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-state-"));
		copyKeys(directory);
		clock = new VirtualClock(Date.UTC(2026, 10, 24));
		clock.hold();
		await start();
	});
	afterEach(async () => {
		await emulator.close();
		rmSync(directory, { recursive: true });
	});

	async function start(): Promise<void> {
		emulator = await Emulator.start({ directory, things: ["alpha", "beta"], clock, persistent: true });
	}

	/** As it is after the process has ended and been started again. */
	async function again(): Promise<void> {
		await emulator.close();
		await start();
	}

	/** What the service knows, in no order that a restart may change. */
	function known(): object {
		const { things, jobs, events } = JSON.parse(JSON.stringify(emulator.service.snapshot()));
		const byName = (list: { thingName?: string; jobId?: string }[]) =>
			list.sort((a, b) => String(a.thingName ?? a.jobId).localeCompare(String(b.thingName ?? b.jobId)));
		const ofNumber = (a: { jobId: string; executionNumber: number }, b: typeof a) =>
			a.jobId.localeCompare(b.jobId) || a.executionNumber - b.executionNumber;
		for (const one of things) one.ended.sort(ofNumber);
		for (const job of jobs)
			for (const status of Object.keys(job.counts)) if (job.counts[status] === 0) delete job.counts[status];
		return { things: byName(things), jobs: byName(jobs), events };
	}

	it("is the same after a restart: registry, jobs, templates, tags, events", async () => {
		const operator = new Operator(emulator);
		await operator.must("POST", "/things/gamma", { attributePayload: { attributes: { floor: "3" } } });
		await operator.group("all", ["alpha", "gamma"]);
		await operator.group("some", ["beta"], "all");
		const { certificateArn } = await operator.must("POST", "/keys-and-certificate?setAsActive=true");
		const principal = { "x-amzn-principal": String(certificateArn) };
		await operator.must("PUT", "/things/gamma/principals", undefined, principal);
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await operator.must("POST", "/policies/none", { policyDocument });
		await operator.must("PUT", "/target-policies/none", { target: certificateArn });
		await operator.must("POST", "/policies/none/version?setAsDefault=true", { policyDocument });
		await operator.must("PUT", "/target-policies/none", { target: group("all") });
		const attached = `/attached-policies/${encodeURIComponent(group("all"))}`;
		assert.equal(((await operator.must("POST", attached)).policies as object[]).length, 1);
		const document = JSON.stringify({ operation: "reboot" });
		await operator.must("PUT", "/job-templates/reboot", { document, description: "reboots" });
		await operator.createJob("job", [group("all")], { tags: [{ Key: "team", Value: "blue" }] });
		await operator.must("PATCH", "/event-configurations", { eventConfigurations: { JOB: { Enabled: true } } });
		const paths = [
			...["/things", "/things/gamma", "/thing-groups", "/thing-groups/some", "/thing-groups/all/things?recursive=true"],
			...[
				"/things/gamma/principals",
				"/policies/none",
				"/policies/none/version",
				"/job-templates/reboot",
				"/event-configurations",
				"/certificates",
			],
			...["/jobs", "/jobs/job", "/jobs/job/things", "/tags?resourceArn=arn:aws:iot:us-east-1:123456789012:job/job"],
		];
		const all = async (asked: Operator) => await Promise.all(paths.map((path) => asked.must("GET", path)));
		const before = await all(operator);
		await again();
		assert.deepEqual(await all(new Operator(emulator)), before);
		assert.equal(((await new Operator(emulator).must("POST", attached)).policies as object[]).length, 1);
	});

	it("counts each attempt, and the executions of things that were deleted", async () => {
		const job = { jobId: "job", targets: ["alpha", "beta"], document: {}, ...retries({ FAILED: 2 }) };
		emulator.service.createJob(job);
		for (const thingName of ["alpha", "beta"]) {
			emulator.service.execute(thingName, { type: "update", jobId: "job", request: { status: "FAILED" } });
		}
		await new Operator(emulator).deleteThing("beta");
		const counts = { QUEUED: 1, FAILED: 2, REMOVED: 1 };
		const counted = () =>
			Object.fromEntries(Object.entries(emulator.service.job("job")?.counts ?? {}).filter(([, count]) => count > 0));
		assert.deepEqual(counted(), counts);
		await again();
		assert.deepEqual(counted(), counts);
	});

	it("is the same after any commands and a restart", async () => {
		const names = fc.constantFrom("alpha", "beta");
		const jobIds = fc.constantFrom("a", "b", "c");
		const status = fc.constantFrom("IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED");
		const commands = fc.oneof(
			fc.record({ type: fc.constant("startNext"), stepTimeoutInMinutes: fc.constantFrom(undefined, 1, 5) }),
			fc.record({ type: fc.constant("update"), jobId: jobIds, request: fc.record({ status }) }),
			fc.record({ type: fc.constant("cancel"), jobId: jobIds, force: fc.boolean() }),
			fc.record({ type: fc.constant("delete"), jobId: jobIds, executionNumber: fc.constant(1), force: fc.boolean() }),
		);
		const step = fc.oneof(
			fc.tuple(fc.constant("create"), jobIds, fc.nat(2)),
			fc.tuple(fc.constant("execute"), names, commands),
			fc.tuple(fc.constant("cancelJob"), jobIds, fc.boolean()),
			fc.tuple(fc.constant("deleteJob"), jobIds, fc.boolean()),
			fc.tuple(fc.constant("advance"), fc.nat(10 * 60_000), fc.nat()),
			fc.tuple(fc.constant("restart"), fc.nat(), fc.nat()),
		);
		const exists = (jobId: string) => emulator.service.job(jobId) !== undefined;
		const perform: Record<string, (first: never, second: never) => unknown> = {
			advance: (ms: number) => clock.advance(ms),
			restart: again,
			execute: (thingName: string, asked: Command) => emulator.service.execute(thingName, asked),
			cancelJob: (jobId: string, force: boolean) => exists(jobId) && emulator.service.cancelJob(jobId, { force }),
			deleteJob: (jobId: string, force: boolean) => exists(jobId) && emulator.service.deleteJob(jobId, force),
			create: (jobId: string, failures: number) =>
				exists(jobId) ||
				emulator.service.createJob({
					...{ jobId, targets: ["alpha", "beta"], document: { jobId } },
					...{ ...retries({ FAILED: failures }), timeoutConfig: { inProgressTimeoutInMinutes: 7 } },
				}),
		};
		await fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
				for (const jobId of ["a", "b", "c"]) if (emulator.service.job(jobId)) emulator.service.deleteJob(jobId, true);
				for (const [what, first, second] of steps) await perform[what]?.(first as never, second as never);
				const before = known();
				await again();
				assert.deepEqual(known(), before);
			}),
			{ numRuns: 25 },
		);
	});

	it("includes its timers: what was due while nothing ran is done at the start", async () => {
		const operator = new Operator(emulator);
		const options = { timeoutConfig: { inProgressTimeoutInMinutes: 60 } };
		await operator.createJob("job", [thing("alpha")], options);
		await operator.createJob("slow", [thing("alpha"), thing("beta")], {
			jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
		});
		emulator.service.execute("alpha", { type: "startNext" });
		await emulator.close();
		clock.advance(2 * 3_600_000);
		await start();
		clock.advance(0);
		assert.equal(emulator.service.execution("alpha", "job")?.status, "TIMED_OUT");
		assert.equal(emulator.service.execution("beta", "slow")?.status, "QUEUED");
		assert.equal((await new Operator(emulator).job("job")).status, "COMPLETED");
	});
});

describe("iot-jobs emulate, killed with SIGKILL", function () {
	this.timeout(120_000);
	let directory: string;
	let child: ChildProcess | undefined;
	before(() => {
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-kill-"));
		copyKeys(directory);
	});
	afterEach(() => child?.kill("SIGKILL"));
	after(() => rmSync(directory, { recursive: true }));

	async function start(): Promise<EmulatorAddresses> {
		const ports = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];
		const started = spawn(process.execPath, [
			command,
			"emulate",
			"--dir",
			directory,
			"--thing",
			"alpha",
			"--json",
			...ports,
		]);
		child = started;
		const [line] = (await once(createInterface(started.stdout), "line")) as [string];
		return JSON.parse(line);
	}

	async function kill(): Promise<void> {
		const ended = once(child as ChildProcess, "close");
		child?.kill("SIGKILL");
		await ended;
	}

	const DATA = { authorization: "AWS4-HMAC-SHA256 Credential=any/20261124/us-east-1/iot-jobs-data/aws4_request" };

	/** What was answered, and so must be there. */
	const created: string[] = [];
	let version = 0;

	async function call(
		url: string,
		method: string,
		body?: object,
		headers: Record<string, string> = {},
	): Promise<unknown> {
		const response = await fetch(url, {
			method,
			headers: { "content-type": "application/json", ...headers },
			...(body && { body: JSON.stringify(body) }),
		});
		if (!response.ok) throw new Error(await response.text());
		return await response.json();
	}

	async function assertAllIsThere(url: string, round: number): Promise<void> {
		const { jobs } = (await call(`${url}/jobs?maxResults=250`, "GET")) as { jobs: { jobId: string }[] };
		for (const jobId of created)
			assert.ok(
				jobs.some((job) => job.jobId === jobId),
				`round ${round}: ${jobId} is lost`,
			);
		if (round === 0) return;
		const answer = (await call(`${url}/things/alpha/jobs/job-0-0`, "GET", undefined, DATA)) as {
			execution: { versionNumber: number };
		};
		const { versionNumber } = answer.execution;
		assert.ok(versionNumber >= version, `round ${round}: version ${versionNumber} after ${version}`);
	}

	/** Creates jobs and updates an execution until the connection breaks. @param asking called before each of the two */
	async function work(url: string, round: number, asking: (request: number) => void): Promise<void> {
		for (let n = 0; ; n += 1) {
			asking(2 * n);
			const jobId = `job-${round}-${n}`;
			await call(`${url}/jobs/${jobId}`, "PUT", { targets: [thing("alpha")], document: '{"operation":"wait"}' });
			created.push(jobId);
			if (n === 0) await call(`${url}/things/alpha/jobs/$next`, "PUT", {}, DATA);
			asking(2 * n + 1);
			const body = { status: "IN_PROGRESS", statusDetails: { n: String(n) }, includeJobExecutionState: true };
			const answer = await call(`${url}/things/alpha/jobs/job-0-0`, "POST", body, DATA);
			version = (answer as { executionState: { versionNumber: number } }).executionState.versionNumber;
		}
	}

	it("has everything that it has answered, at whatever instant it is killed", async () => {
		for (let round = 0; round < 5; round += 1) {
			const { control } = await start();
			await assertAllIsThere(control.url, round);
			let kills = () => {};
			const asked = new Promise<void>((resolve) => {
				kills = resolve;
			});
			const working = work(control.url, round, (request) => request === 6 + 3 * round && kills());
			await Promise.race([working, asked]);
			await kill();
			await assert.rejects(working, /fetch failed/);
		}
		process.stdout.write(`      ${created.length} jobs and version ${version} over five kills\n`);
		assert.ok(created.length >= 10 && version >= 10);
	});
});
