import { VirtualClock } from "../clock.js";
import { thingArn } from "../emulator/base/arn.js";
import { Emulator } from "../emulator/emulator.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { heap } from "./heap.js";
import { say, Table } from "./table.js";

const THOUSANDS = 5;
/** About as long as an OTA job's document. */
const DOCUMENT = JSON.stringify({
	operation: "ota",
	url: `https://images.example/${"x".repeat(300)}`,
	version: "1.2.3",
});

interface Thousand {
	/** Of the processor's time, both sides of HTTP together: other processes do not count. */
	readonly milliseconds: number;
	readonly heap: number;
}

/** One thing does job after job: what jobs that have ended cost the next one, and the next start. */
export async function benchManyJobs(): Promise<void> {
	say("One thing, 20,000 jobs in a row, each created over HTTP, run and ended, with the state on disk");
	await inTemporaryDirectory(async (directory) => {
		const clock = new VirtualClock();
		clock.hold();
		const start = () => Emulator.start({ directory, things: ["thing"], clock, persistent: true });
		let emulator = await start();
		const before = heap();
		const thousands: Thousand[] = [];
		for (let i = 0; i < THOUSANDS; i += 1) thousands.push(await thousand(emulator, clock, i));
		await emulator.close();
		const from = processorTime();
		emulator = await start();
		const loaded = processorTime() - from;
		await emulator.close();
		print(thousands, before, loaded);
	});
}

function print(thousands: readonly Thousand[], before: number, loaded: number): void {
	const table = new Table("thousand", "a job", "to the 2nd", "heap a job");
	const second = thousands[1]?.milliseconds ?? 0;
	let last = before;
	for (const [i, { milliseconds, heap }] of thousands.entries()) {
		const ratio = (milliseconds / second).toFixed(2);
		table.row(String(i + 1), `${milliseconds.toFixed(0)} us`, ratio, `${((heap - last) / 1_024_000).toFixed(2)} KB`);
		last = heap;
	}
	say(`  the next start: ${loaded.toFixed(0)} ms`);
}

async function thousand(emulator: Emulator, clock: VirtualClock, round: number): Promise<Thousand> {
	const from = processorTime();
	for (let i = 0; i < 1_000; i += 1) {
		const jobId = `job-${round}-${i}`;
		const response = await fetch(`${emulator.addresses.control.url}/jobs/${jobId}`, {
			method: "PUT",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ targets: [thingArn("thing")], document: DOCUMENT }),
		});
		if (!response.ok) throw new Error(await response.text());
		await response.json();
		emulator.service.execute("thing", { type: "startNext" });
		emulator.service.execute("thing", { type: "update", jobId, request: { status: "SUCCEEDED" } });
		if (emulator.service.job(jobId)?.status !== "COMPLETED") throw new Error(`${jobId} is not complete`);
		clock.advance(1_000);
	}
	// A thousand jobs: milliseconds a thousand are microseconds a job.
	return { milliseconds: processorTime() - from, heap: heap() };
}

function processorTime(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1_000;
}
