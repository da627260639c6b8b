import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEmulatorFleet, runFleetJob } from "../../fleet/fleet-job.js";
import { publishStream } from "../kit/images.js";
import { Lab } from "../kit/lab.js";
import { countedByService } from "../kit/service-counts.js";

/** Of the job's things: the devices that the service asks before it looks at the criteria. */
const MIN_EXECUTED = 100;

describe("A fleet of 1,000 devices, 50 of them with images that crash", function () {
	this.timeout(300_000);

	it("meets the abort criteria: the job is CANCELED, as the service counts it", async () => {
		const lab = new Lab();
		const directory = mkdtempSync(join(tmpdir(), "iot-jobs-fleet-"));
		try {
			const emulator = await lab.emulator({ clock: lab.clock });
			lab.clock.hold();
			const fleet = await makeEmulatorFleet(emulator, {
				directory,
				things: 1_000,
				faultyPercent: 5,
				clock: lab.clock,
			});
			const { document } = publishStream(emulator);
			const { executions, retries } = await lab.clock.passUntil(
				runFleetJob(emulator, fleet, {
					...{ jobId: "job", document, jobExecutionsRolloutConfig: { maximumPerMinute: MIN_EXECUTED } },
					abortConfig: {
						criteriaList: [
							{
								...{ failureType: "FAILED", action: "CANCEL" },
								...{ thresholdPercentage: 4, minNumberOfExecutedThings: MIN_EXECUTED },
							},
						],
					},
				}),
			);
			fleet.powerOff();
			const job = emulator.service.job("job");
			assert.equal(job?.status, "CANCELED");
			assert.deepEqual(executions, countedByService(emulator, "job"));
			const { SUCCEEDED = 0, FAILED = 0 } = executions;
			assert.ok(
				SUCCEEDED + FAILED >= MIN_EXECUTED && (FAILED * 100) / (SUCCEEDED + FAILED) >= 4,
				JSON.stringify(executions),
			);
			assert.ok(job.rolledOut < 1_000, `${job.rolledOut} things got it`);
			assert.equal(retries, 0);
		} finally {
			await lab.clear();
			rmSync(directory, { recursive: true });
		}
	});
});
