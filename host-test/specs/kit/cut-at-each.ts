import assert from "node:assert/strict";
import type { Cut } from "../../device/virtual-device.js";
import type { Lab, TestDevice, TestEmulator } from "./lab.js";
import { runJob } from "./run-job.js";

const MOMENTS: readonly Cut["moment"][] = ["before", "torn", "after"];

/**
 * Runs a job once to count its operations, then once more for each storage write and each send, on a new device whose
 * power is cut there. It ends SUCCEEDED each time, and is told so once. @param everySend of the sends, each n-th alone
 * @returns how often the power was cut
 */
export async function cutAtEach(
	lab: Lab,
	emulator: TestEmulator,
	makeDevice: () => Promise<TestDevice>,
	makeDocument: () => Promise<object>,
	everySend: number,
): Promise<number> {
	const kinds: string[] = [];
	const clean = await makeDevice();
	clean.on("operation", (kind) => kinds.push(kind));
	await lab.passing(runJob(emulator, clean, await makeDocument()));
	clean.cutPower();
	let cuts = 0;
	for (const [at, kind] of kinds.entries()) {
		if (kind === "send" && at % everySend !== 0) continue;
		const device = await makeDevice();
		device.cut = { at, moment: kind === "storage" ? (MOMENTS[at % 3] ?? "torn") : "before" };
		device.once("off", () => setImmediate(() => device.powerOn()));
		const { status, states } = await lab.passing(runJob(emulator, device, await makeDocument()));
		assert.equal(status, "SUCCEEDED", `cut at ${at} (${kind})\n${device.lines.join("\n")}`);
		assert.equal(states.filter((state) => state.status === "SUCCEEDED").length, 1);
		device.removeAllListeners("off");
		device.cutPower();
		if (device.cut === undefined) cuts += 1;
	}
	return cuts;
}
