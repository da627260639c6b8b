// `npm run bench`: what is compared runs in this one run, side by side, and is printed as ratios. Counts are exact; times depend on
// the machine.
import { findXs } from "../xs/xs-app.js";
import { benchDownload } from "./download.js";
import { benchFleet } from "./fleet.js";
import { benchFleetJob } from "./fleet-job.js";
import { benchService } from "./service.js";
import { say } from "./table.js";
import { benchByteCode, benchTopicParser } from "./xs.js";

for (const bench of [benchDownload, benchService, benchFleetJob, benchFleet]) {
	await bench();
	say();
}
const engine = findXs();
if (engine === undefined) {
	say("XS is not built: npm run build:xs builds it. Nothing was measured in the chip's engine.");
	process.exitCode = 1;
} else {
	say(`XS, ${engine.bits} bits`);
	say();
	await benchTopicParser(engine);
	say();
	await benchByteCode(engine);
}
