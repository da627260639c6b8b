import { TopicParser } from "../../src/protocol/topic-parser.js";

declare function hostHeap(which: 0 | 1 | 2 | 3): number;
declare function hostCollect(): void;

const BASE = "$aws/things/alpha/jobs/";
const SETS: Record<string, readonly string[]> = {
	"most frequent": ["notify-next", "start-next/accepted", "job-1/update/accepted"].map((rest) => BASE + rest),
	"all others": [
		...["notify", "get/accepted", "get/rejected", "start-next/rejected"],
		...["job-1/get/accepted", "job-1/get/rejected", "job-1/update/rejected"],
	].map((rest) => BASE + rest),
	foreign: ["$aws/things/beta/jobs/notify-next", "some/other/topic"],
};
const ROUNDS = 20_000;
const EXPRESSION = /^\$aws\/things\/([^/]+)\/jobs\/(?:([^/]+)\/)?([^/]+)(?:\/(accepted|rejected))?$/;

/** Runs in XS: measures each way of parsing on each set of topics, per topic, and traces the figures as JSON. */
export default function main(): void {
	const parser = new TopicParser("alpha");
	parser.setJob("job-1"); // as the agent does, once a job
	const ways: Record<string, (topic: string) => unknown> = {
		"(the loop alone)": (topic) => topic,
		parser: (topic) => parser.parse(topic),
		split: (topic) => topic.split("/"),
		"regular expression": (topic) => EXPRESSION.exec(topic),
	};
	const rows: object[] = [];
	for (const set of Object.keys(SETS)) {
		for (const way of Object.keys(ways)) {
			rows.push({ set, way, ...measure(SETS[set] as readonly string[], ways[way] as (topic: string) => unknown) });
		}
	}
	trace(JSON.stringify(rows));
}

function measure(topics: readonly string[], way: (topic: string) => unknown): object {
	const { length } = topics;
	const calls = ROUNDS * length;
	// Slots and bytes are counted in one round, without a garbage collection in it.
	hostCollect();
	const slots = hostHeap(0);
	const chunks = hostHeap(1);
	for (let i = 0; i < length; i += 1) way(topics[i] as string);
	const slotsAfter = hostHeap(0);
	const chunksAfter = hostHeap(1);
	const collections = hostHeap(2);
	const meter = hostHeap(3);
	const start = Date.now();
	for (let round = 0; round < ROUNDS; round += 1) {
		for (let i = 0; i < length; i += 1) way(topics[i] as string);
	}
	const milliseconds = Date.now() - start;
	return {
		meter: (hostHeap(3) - meter) / calls,
		nanoseconds: (milliseconds * 1e6) / calls,
		slots: (slotsAfter - slots) / length,
		chunks: (chunksAfter - chunks) / length,
		collections: hostHeap(2) - collections,
	};
}
