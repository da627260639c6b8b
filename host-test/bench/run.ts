// `npm run bench`: what is compared runs in this one run, side by side, and is printed as ratios. Counts are exact; times depend on
// the machine. `npm run bench -- census peak`: those alone.
import { findXs, type XsEngine } from "../xs/xs-app.js";
import { benchDownload } from "./download.js";
import { benchFleet } from "./fleet.js";
import { benchFleetJob } from "./fleet-job.js";
import { benchManyJobs } from "./many-jobs.js";
import { benchService } from "./service.js";
import { say } from "./table.js";
import { benchByteCode, benchTopicParser } from "./xs.js";
import { benchCensus, benchPeak } from "./xs-memory.js";
import { benchPath } from "./xs-path.js";

const IN_NODE: Readonly<Record<string, () => void | Promise<void>>> = {
	download: benchDownload,
	service: benchService,
	"fleet-job": benchFleetJob,
	"many-jobs": benchManyJobs,
	fleet: benchFleet,
};
const IN_XS: Readonly<Record<string, (engine: XsEngine) => Promise<void>>> = {
	topics: benchTopicParser,
	path: benchPath,
	code: benchByteCode,
	census: benchCensus,
	peak: benchPeak,
};

async function main(names: readonly string[]): Promise<void> {
	const known = [...Object.keys(IN_NODE), ...Object.keys(IN_XS)];
	const unknown = names.find((name) => !known.includes(name));
	if (unknown !== undefined) throw new Error(`no ${unknown}: there are ${known.join(", ")}`);
	const wanted = (name: string) => names.length === 0 || names.includes(name);
	for (const [name, bench] of Object.entries(IN_NODE)) {
		if (!wanted(name)) continue;
		await bench();
		say();
	}
	const inXs = Object.entries(IN_XS).filter(([name]) => wanted(name));
	if (inXs.length === 0) return;
	const engine = findXs();
	if (engine === undefined) throw new Error("XS is not built: npm run build:xs builds it. Nothing was measured in it.");
	say(`XS, ${engine.bits} bits`);
	for (const [, bench] of inXs) {
		say();
		await bench(engine);
	}
}

main(process.argv.slice(2)).catch((error: Error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});
