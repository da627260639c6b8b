import assert from "node:assert/strict";
import { realClock } from "../../clock.js";
import { Emulator } from "../../emulator/emulator.js";
import { inTemporaryDirectory } from "../../temporary-directory.js";

const HOUR_MS = 3_600_000;

describe("A machine's clock that is set while the emulator runs", () => {
	const { now } = Date;
	afterEach(() => {
		Date.now = now;
	});

	for (const [way, offset] of Object.entries({ forward: HOUR_MS, back: -HOUR_MS })) {
		it(`${way}: neither ends nor prolongs what is timed`, async () => {
			await inTemporaryDirectory(async (directory) => {
				const emulator = await Emulator.start({ directory, things: ["alpha"], clock: realClock });
				const { service } = emulator;
				const timeoutConfig = { inProgressTimeoutInMinutes: 1 };
				service.createJob({ jobId: "timed", targets: ["alpha"], document: {}, timeoutConfig });
				service.execute("alpha", { type: "startNext" });
				const before = service.execution("alpha", "timed");
				Date.now = () => now() + offset;
				service.execute("alpha", { type: "update", jobId: "timed", request: { status: "IN_PROGRESS" } });
				const after = service.execution("alpha", "timed");
				await emulator.close();
				assert.equal(after?.status, "IN_PROGRESS");
				const passed = (after?.lastUpdatedAt ?? 0) - (before?.lastUpdatedAt ?? 0);
				assert.ok(passed >= 0 && passed < HOUR_MS, `${passed} ms have passed`);
			});
		});
	}
});
