import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FleetConsole } from "../../fleet/fleet-console.js";
import { makeEmulatorFleet, runFleetJob } from "../../fleet/fleet-job.js";

import { publishStream } from "../kit/images.js";
import { retries as retriesOf } from "../kit/job-config.js";
import { Lab, type TestEmulator } from "../kit/lab.js";

import { countedByService } from "../kit/service-counts.js";

describe("A fleet of virtual devices", function () {
	this.timeout(120_000);
	let lab: Lab;
	let emulator: TestEmulator;
	let directory: string;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-fleet-"));
	});
	afterEach(async () => {
		await lab.clear();
		rmSync(directory, { recursive: true });
	});

	it("does one job on each device once, as the service counts it", async () => {
		const fleet = await makeEmulatorFleet(emulator, { directory, things: 50, clock: lab.clock });
		const { executions, retries, messages, storageWrites } = await lab.passing(
			runFleetJob(emulator, fleet, { jobId: "job", document: { operation: "reboot" } }),
		);
		fleet.powerOff();
		assert.deepEqual(executions, { SUCCEEDED: 50 });
		assert.deepEqual(executions, countedByService(emulator, "job"));
		assert.equal(retries, 0);
		assert.ok(
			messages > 8 && messages < 20 && storageWrites >= 4 && storageWrites <= 6,
			`${messages}, ${storageWrites}`,
		);
	});

	it("with faulty images meets the abort criteria: the job is CANCELED", async () => {
		const fleet = await makeEmulatorFleet(emulator, { directory, things: 60, faultyPercent: 50, clock: lab.clock });
		const { document } = publishStream(emulator);
		const { executions } = await lab.passing(
			runFleetJob(emulator, fleet, {
				...{ jobId: "job", document, jobExecutionsRolloutConfig: { maximumPerMinute: 20 } },
				abortConfig: {
					criteriaList: [
						{ failureType: "FAILED", action: "CANCEL", thresholdPercentage: 25, minNumberOfExecutedThings: 10 },
					],
				},
			}),
		);
		fleet.powerOff();
		assert.equal(emulator.service.job("job")?.status, "CANCELED");
		assert.deepEqual(executions, countedByService(emulator, "job"));
		assert.equal(emulator.service.job("job")?.rolledOut, 20, "the rest never got it");
		assert.ok((executions.FAILED ?? 0) >= 3);
	});

	it("with retries and lost messages ends the job on each device once", async () => {
		emulator.faults.add({ action: "lose", probability: 0.05, seed: 5 });
		const fleet = await makeEmulatorFleet(emulator, { directory, things: 30, faultyPercent: 20, clock: lab.clock });
		const { document } = publishStream(emulator);
		const consoles = new FleetConsole(fleet, () => undefined, lab.clock);
		const { executions, retries } = await lab.passing(
			runFleetJob(emulator, fleet, { jobId: "job", document, ...retriesOf({ FAILED: 1 }) }),
		);
		fleet.powerOff();
		// The service counts each attempt, and the fleet each device once.
		const attempts = { ...executions, FAILED: (executions.FAILED ?? 0) + retries };
		assert.deepEqual(countedByService(emulator, "job"), attempts);
		assert.equal((executions.SUCCEEDED ?? 0) + (executions.FAILED ?? 0), 30);
		const told = consoles.summary;
		assert.deepEqual([told.devices, told.online, told.retries], [30, 0, retries], "what the consoles say");
		// The last answers may still be on their way to the devices, but not those before a second try.
		const { FAILED = 0 } = told.executions;
		assert.ok(FAILED >= retries && FAILED <= 6 + retries, `${FAILED} FAILED, ${retries} retries`);
		assert.ok(retries >= 6 && (executions.FAILED ?? 0) === 6, JSON.stringify({ executions, retries }));
	});
});
