// `npm run bench`: what is compared runs side by side, in this one run, and is printed as ratios. Counts are exact; times
// are of this machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findXs, firstTrace, prepareXsApp, type XsEngine } from "../xs/xs-app.js";
import { benchDownload } from "./download.js";
import { benchFleet } from "./fleet.js";
import { benchFleetJob } from "./fleet-job.js";
import { benchService } from "./service.js";

interface Row {
	readonly set: string;
	readonly way: string;
	readonly meter: number;
	readonly nanoseconds: number;
	readonly slots: number;
	readonly chunks: number;
	readonly collections: number;
}

const say = (text = "") => process.stdout.write(`${text}\n`);

async function parsers(engine: XsEngine, directory: string): Promise<void> {
	say(
		"Topic parser in XS, a topic (meter: XS's own count of what it interprets; a native's C code is in the time only; the ratio is without the loop's own time)",
	);
	const main = fileURLToPath(new URL("xs-main-parsers.ts", import.meta.url));
	const rows = JSON.parse(await firstTrace(await prepareXsApp(engine, directory, { main }))) as Row[];
	say("  topics        way                  meter      ns   slots  chunk bytes   time to split");
	for (const row of rows) {
		const other = (name: string) => rows.find(({ set, way }) => set === row.set && way === name) as Row;
		const loop = other("(the loop alone)").nanoseconds;
		const split = other("split").nanoseconds - loop;
		const cells = [
			row.set.padEnd(13),
			row.way.padEnd(18),
			row.meter.toFixed(0).padStart(7),
			row.nanoseconds.toFixed(0).padStart(7),
			row.slots.toFixed(1).padStart(7),
			row.chunks.toFixed(1).padStart(12),
			((row.nanoseconds - loop) / split).toFixed(2).padStart(15),
		];
		say(`  ${cells.join(" ")}`);
	}
}

async function sizes(engine: XsEngine, directory: string): Promise<void> {
	const { modules } = await prepareXsApp(engine, directory, { freeze: false });
	const agent = modules.filter(({ name }) => name.startsWith("src/")).sort((a, b) => b.code - a.code);
	say("Byte code of the agent, in bytes");
	for (const { name, code } of agent) say(`  ${String(code).padStart(6)}  ${name}`);
	say(`  ${String(agent.reduce((sum, { code }) => sum + code, 0)).padStart(6)}  in all`);
}

await benchDownload(say);
say();
await benchService(say);
say();
await benchFleetJob(say);
say();
benchFleet(say);
say();
const engine = findXs();
if (engine === undefined) {
	say("XS is not built: npm run build:xs builds it. Nothing was measured in the chip's engine.");
	process.exitCode = 1;
} else {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
	say(`XS, ${engine.bits} bits`);
	say();
	await parsers(engine, directory);
	say();
	await sizes(engine, directory);
	rmSync(directory, { recursive: true, force: true });
}
