import { inTemporaryDirectory } from "../temporary-directory.js";
import { readCensus } from "../xs/census.js";
import { prepareXsApp, type XsEngine } from "../xs/xs-app.js";
import { say, Table } from "./table.js";
import { XsJobs } from "./xs-jobs.js";

/** Garbage is collected at every seventh allocation: at each it takes minutes, and finds no more. */
const EVERY_NTH = 7;

/** Who holds what of the agent's memory at rest. */
export async function benchCensus(engine: XsEngine): Promise<void> {
	say("Memory at rest, by the nearest instance of a class that holds it");
	const lines = await withJobs(engine, (jobs) => jobs.atRest((machine) => machine.census()));
	const table = new Table(
		"owner                     ",
		"instances",
		"functions",
		"environments",
		"slots",
		"chunk bytes",
	);
	const sum = { instances: 0, functions: 0, environments: 0, slots: 0, chunks: 0 };
	for (const holding of readCensus(lines)) {
		table.row(...cells(holding.owner.padEnd(26), holding));
		for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += holding[name];
	}
	table.row(...cells("in all".padEnd(26), sum));
}

interface Counts {
	readonly instances: number;
	readonly functions: number;
	readonly environments: number;
	readonly slots: number;
	readonly chunks: number;
}

function cells(title: string, { instances, functions, environments, slots, chunks }: Counts): string[] {
	return [title, ...[instances, functions, environments, slots, chunks].map(String)];
}

/** What jobs need: the most that lives, and the smallest heaps, garbage included, in which they run. */
export async function benchPeak(engine: XsEngine): Promise<void> {
	say("Memory of a job: the most that lives at a moment; and the smallest heaps in which it runs, garbage included");
	const table = new Table("job             ", "live slots", "live chunks", "live bytes", "least slots", "least chunks");
	await withJobs(engine, async (jobs) => {
		for (const [name, document] of Object.entries(jobs.documents)) {
			const live = await jobs.livePeak(document, EVERY_NTH);
			const least = await jobs.leastHeaps(document);
			const figures = [live.slots, live.chunks, live.bytes, least.slots, least.chunks];
			table.row(name.padEnd(16), ...figures.map(String));
		}
	});
}

async function withJobs<T>(engine: XsEngine, use: (jobs: XsJobs) => Promise<T>): Promise<T> {
	return await inTemporaryDirectory(async (directory) => {
		return await inTemporaryDirectory(async (image) => {
			const jobs = await XsJobs.open(await prepareXsApp(engine, image), directory);
			try {
				return await use(jobs);
			} finally {
				await jobs.close();
			}
		});
	});
}
