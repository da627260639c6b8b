import assert from "node:assert/strict";
import { RebootHandler } from "../../../src/handlers/reboot.js";
import { ExecutionRecord, sequenceOf } from "../../../src/protocol/record.js";
import { isTerminal } from "../../emulator/jobs/execution.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { NoteHandler } from "../kit/note-handler.js";

const DEVICES = 20;
const JOBS_EACH = 50;
/** Of each message: a fifth is lost, comes twice, late or out of order; and more seldom the connection or the service goes. */
const FAULTS = [
	["lose", 0.05],
	["duplicate", 0.05],
	["delay", 0.05],
	["reorder", 0.05],
	["cut", 0.005],
	["restart-service", 0.002],
	["restart-broker", 0.0005],
] as const;
/** A record write for the claim, the report, its end, a checkpoint and its progress; half as many again for what goes wrong. */
const WRITES_PER_JOB = 9;

const firstSeed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const seeds = [firstSeed, firstSeed + 1];

/** What a job's execution has to come to. */
const EXPECTED: Record<string, string> = { note: "SUCCEEDED", reboot: "SUCCEEDED", dance: "REJECTED" };

describe("Devices under random faults", function () {
	this.timeout(300_000);
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	for (const seed of seeds) {
		it(`seed ${seed}: ${DEVICES * JOBS_EACH} jobs on ${DEVICES} devices, each ends once, for both sides`, async () => {
			const things = Array.from({ length: DEVICES }, (_, i) => `d${i}`);
			const emulator = await lab.emulator({ things });
			const struck = new Map<string, number>();
			emulator.broker.on("log", (line) => {
				const action = /^fault: ([a-z-]+)/.exec(line)?.[1];
				if (action !== undefined) struck.set(action, (struck.get(action) ?? 0) + 1);
			});
			for (const [i, [action, probability]] of FAULTS.entries()) {
				emulator.faults.add({ action, probability, seed: seed * 10 + i, ms: 3_000 });
			}
			const notes: string[] = [];
			const devices = await Promise.all(things.map((thing) => powered(emulator, thing, notes)));
			const operations = createJobs(emulator, things);
			await untilOver(emulator, operations);
			emulator.faults.clear();
			await untilIdle(devices);

			for (const [jobId, operation] of operations) {
				const { status } = emulator.service.execution(thingOf(jobId), jobId) ?? {};
				assert.equal(status, EXPECTED[operation], jobId);
			}
			const noted = [...operations].filter(([, operation]) => operation === "note").map(([jobId]) => jobId);
			assert.deepEqual(notes.toSorted(), noted.toSorted(), "each was begun once");
			for (const device of devices) assert.equal(device.aborts, 0);
			const writes = devices.reduce((sum, device) => sum + device.storageWrites, 0);
			const perJob = writes / operations.size;
			assert.ok(perJob <= WRITES_PER_JOB, `${perJob} record writes a job`);
			process.stdout.write(
				`      ${[...struck].map(([action, count]) => `${action} ${count}`).join(", ")}; ${perJob.toFixed(1)} record writes a job\n`,
			);
		});
	}

	async function powered(emulator: TestEmulator, thing: string, notes: string[]): Promise<TestDevice> {
		const program = () => void mainWith([new NoteHandler(notes), new RebootHandler()]);
		const device = await lab.device(emulator, { thing, program: () => program });
		device.powerOn();
		return device;
	}

	function createJobs(emulator: TestEmulator, things: readonly string[]): Map<string, string> {
		const operations = new Map<string, string>();
		for (const thing of things) {
			for (let i = 0; i < JOBS_EACH; i += 1) {
				const operation = ["note", "note", "reboot", "note", "dance"][i % 5] as string;
				const jobId = `${thing}-${i}`;
				operations.set(jobId, operation);
				emulator.service.createJob({ jobId, targets: [thing], document: { operation, steps: 2 } });
			}
		}
		return operations;
	}

	/** Time passes on both sides, a quarter of a second at a time. */
	async function pass(): Promise<void> {
		await turns(5);
		lab.clock.advance(250);
	}

	async function untilOver(emulator: TestEmulator, operations: ReadonlyMap<string, string>): Promise<void> {
		const open = new Set(operations.keys());
		while (open.size > 0) {
			await pass();
			emulator.clock.advance(250);
			for (const jobId of open) {
				const execution = emulator.service.execution(thingOf(jobId), jobId);
				if (execution === undefined || isTerminal(execution.status)) open.delete(jobId);
			}
		}
	}

	/** The devices' records hold nothing any more. */
	async function untilIdle(devices: readonly TestDevice[]): Promise<void> {
		while (devices.some(holds)) await pass();
	}
});

function thingOf(jobId: string): string {
	return jobId.slice(0, jobId.indexOf("-"));
}

/** Whether the newest record in a device's flash is that of an execution. */
function holds(device: TestDevice): boolean {
	const slots = ["a", "b"].map((key) => device.flash.readKey("iot-jobs", key)).filter((bytes) => bytes !== undefined);
	const newest = slots
		.filter((bytes) => sequenceOf(bytes) !== undefined)
		.sort((a, b) => (sequenceOf(b) as number) - (sequenceOf(a) as number))[0];
	const record = new ExecutionRecord();
	return newest !== undefined && record.decode(Uint8Array.from(newest)) && record.held;
}
