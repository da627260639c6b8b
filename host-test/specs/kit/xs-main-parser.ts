import { TopicParser } from "../../../src/protocol/topic-parser.js";

declare function hostHeap(which: 0 | 1 | 2 | 3): number;
declare function hostCollect(): void;

const BASE = "$aws/things/alpha/jobs/";
const TOPICS = [
	"notify",
	"notify-next",
	"get/accepted",
	"get/rejected",
	"start-next/accepted",
	"start-next/rejected",
	"firmware-update-2026-11/update/accepted",
	"firmware-update-2026-11/update/rejected",
	"firmware-update-2026-11/get/accepted",
	"$next/get/rejected",
	"job/update/accepted/update/accepted",
	"job/update/acceptedx",
	"job",
	"",
	"/get/accepted",
	`${"j".repeat(65)}/get/accepted`,
].map((rest) => BASE + rest);

/** A million topics through the parser, on XS: what that costs is traced as JSON. */
export default function main(): void {
	const parser = new TopicParser("alpha");
	parser.setJob("firmware-update-2026-11");
	const topics = [...TOPICS, "$aws/things/beta/jobs/notify-next", "$aws/things/alphabet/jobs/get/accepted", "x", ""];
	const { length } = topics;
	hostCollect();
	const slots = hostHeap(0);
	const chunks = hostHeap(1);
	const collections = hostHeap(2);
	const meter = hostHeap(3);
	let recognised = 0;
	for (let i = 0; i < 1_000_000; i += 1) {
		if (parser.parse(topics[i % length] as string) !== 0) recognised += 1;
	}
	// Read in the same order; a template, or an object, would allocate before the last is read.
	const slotsAfter = hostHeap(0);
	const chunksAfter = hostHeap(1);
	const collectionsAfter = hostHeap(2);
	const meterAfter = hostHeap(3);
	trace(
		JSON.stringify({
			recognised,
			slots: slotsAfter - slots,
			chunks: chunksAfter - chunks,
			collections: collectionsAfter - collections,
			meterPerTopic: (meterAfter - meter) / 1_000_000,
		}),
	);
}
