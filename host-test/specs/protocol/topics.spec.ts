import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_MATCH, Outcome, operationOf, outcomeOf, TopicParser } from "../../../src/protocol/topic-parser.js";
import { Operation, Topics } from "../../../src/protocol/topics.js";

const BASE = "$aws/things/alpha/jobs/";

interface Meaning {
	operation: number;
	outcome: number;
	jobId: string;
}

/** What AWS's documentation says, as one regular expression: slow, allocating, and easy to believe. */
const ORACLE =
	/^\$aws\/things\/alpha\/jobs\/(?:(notify)|(notify-next)|(?:(get|start-next)|([^/]{1,64})\/(get|update))\/(accepted|rejected))$/;

function oracle(topic: string): Meaning | undefined {
	const match = ORACLE.exec(topic);
	if (match === null) return undefined;
	const [, notify, notifyNext, ofThing, jobId, ofJob, outcome] = match;
	const answer = outcome === "accepted" ? Outcome.Accepted : Outcome.Rejected;
	if (notify) return { operation: Operation.Notify, outcome: Outcome.None, jobId: "" };
	if (notifyNext) return { operation: Operation.NotifyNext, outcome: Outcome.None, jobId: "" };
	if (ofThing === "get") return { operation: Operation.GetPending, outcome: answer, jobId: "" };
	if (ofThing) return { operation: Operation.StartNext, outcome: answer, jobId: "" };
	return {
		operation: ofJob === "get" ? Operation.Describe : Operation.Update,
		outcome: answer,
		jobId: jobId as string,
	};
}

function parse(parser: TopicParser, topic: string): Meaning | undefined {
	const meaning = parser.parse(topic);
	if (meaning === NO_MATCH) return undefined;
	const jobId = topic.slice(parser.jobIdStart, parser.jobIdEnd(meaning));
	return { operation: operationOf(meaning), outcome: outcomeOf(meaning), jobId };
}

/** A long name in a title. */
const brief = (topic: string) => topic.replace(/j{9,}/, ({ length }) => `j*${length}`);

describe("The topic parser", () => {
	const parser = new TopicParser("alpha");

	for (const [rest, operation, outcome, jobId] of [
		["notify", Operation.Notify, Outcome.None, ""],
		["notify-next", Operation.NotifyNext, Outcome.None, ""],
		["get/accepted", Operation.GetPending, Outcome.Accepted, ""],
		["get/rejected", Operation.GetPending, Outcome.Rejected, ""],
		["start-next/accepted", Operation.StartNext, Outcome.Accepted, ""],
		["start-next/rejected", Operation.StartNext, Outcome.Rejected, ""],
		["job-1/get/accepted", Operation.Describe, Outcome.Accepted, "job-1"],
		["job-1/get/rejected", Operation.Describe, Outcome.Rejected, "job-1"],
		["$next/get/accepted", Operation.Describe, Outcome.Accepted, "$next"],
		["job-1/update/accepted", Operation.Update, Outcome.Accepted, "job-1"],
		["job-1/update/rejected", Operation.Update, Outcome.Rejected, "job-1"],
		["get/get/accepted", Operation.Describe, Outcome.Accepted, "get"],
		["start-next/update/rejected", Operation.Update, Outcome.Rejected, "start-next"],
		["notify/get/accepted", Operation.Describe, Outcome.Accepted, "notify"],
		[`${"j".repeat(64)}/get/accepted`, Operation.Describe, Outcome.Accepted, "j".repeat(64)],
	] as const) {
		it(`knows ${brief(rest)}`, () => assert.deepEqual(parse(parser, BASE + rest), { operation, outcome, jobId }));
	}

	for (const topic of [
		"",
		"$aws/things/alpha/jobs",
		BASE,
		`${BASE}notify/`,
		`${BASE}notify-next/accepted`,
		`${BASE}get`,
		`${BASE}/get/accepted`,
		`${BASE}job/get`,
		`${BASE}job/update/accepted/`,
		`${BASE}job/update/accepted/update/accepted`,
		`${BASE}job/update/acceptedx`,
		`${BASE}job/start-next/accepted`,
		`${BASE}${"j".repeat(65)}/get/accepted`,
		`x${BASE}notify`,
		"$aws/things/beta/jobs/notify",
		"$aws/things/alphabet/jobs/notify",
		"$aws/things/alph/jobs/notify",
		"$aws/things/alpha/shadow/update/accepted",
		"$aws/things/alpha/streams/s/data/json",
	]) {
		it(`refuses ${brief(JSON.stringify(topic))}`, () => assert.equal(parser.parse(topic), NO_MATCH));
	}

	it("agrees with the oracle on every topic of up to five of its words", () => {
		const words = [
			"get",
			"update",
			"accepted",
			"rejected",
			"start-next",
			"notify",
			"notify-next",
			"$next",
			"j",
			"/",
			"",
		];
		let count = 0;
		const walk = (topic: string, depth: number) => {
			assert.deepEqual(parse(parser, topic), oracle(topic), topic);
			count += 1;
			if (depth === 0) return;
			for (const word of words) walk(topic + word, depth - 1);
		};
		walk(BASE, 5);
		process.stdout.write(`      ${count} topics\n`);
		assert.ok(count > 170_000);
	});

	it("agrees with the oracle on topics near the right ones", () => {
		const piece = fc.constantFrom(
			"get",
			"update",
			"accepted",
			"rejected",
			"start-next",
			"notify-next",
			"é",
			"job",
			"",
			"+",
		);
		const near = fc.array(piece, { maxLength: 5 }).map((pieces) => BASE + pieces.join("/"));
		const broken = fc
			.tuple(near, fc.nat(60), fc.string({ maxLength: 3 }))
			.map(([topic, at, insert]) => topic.slice(0, at) + insert + topic.slice(at));
		fc.assert(
			fc.property(fc.oneof(near, broken, fc.string()), (topic) => {
				// The oracle's `$` and `.` would see a line break as an end; topics have none.
				if (/[\n\r\u2028\u2029]/.test(topic)) return;
				assert.deepEqual(parse(parser, topic), oracle(topic));
			}),
			{ numRuns: 5_000 },
		);
	});

	it("tells one job from another", () => {
		const topic = `${BASE}job-10/update/accepted`;
		for (const held of ["job-9", "job-10"]) {
			const holding = new TopicParser("alpha");
			holding.setJob(held);
			const meaning = holding.parse(topic);
			assert.ok(holding.isJob(meaning, topic, "job-10", 6));
			assert.ok(!holding.isJob(meaning, topic, "job-1", 5));
			assert.ok(!holding.isJob(meaning, topic, "job-100", 7));
			assert.ok(!holding.isJob(meaning, topic, "job-9", 5));
		}
	});

	it("knows the job that is held no differently from any other", () => {
		const holding = new TopicParser("alpha");
		for (const jobId of ["held", "get", "j".repeat(64)]) {
			holding.setJob(jobId);
			const own = ["update/accepted", "update/rejected", "get/accepted", "get/rejected", "get/acceptedx"];
			const before = ["held/get/accepted", "get/update/rejected"];
			for (const rest of [
				...own.map((last) => `${jobId}/${last}`),
				...before,
				"other/update/accepted",
				"notify",
				"x",
			]) {
				assert.deepEqual(parse(holding, BASE + rest), parse(parser, BASE + rest), rest);
			}
		}
	});

	it("is the inverse of the topics that are published", () => {
		const topics = new Topics("alpha");
		for (const [topic, operation] of [
			[topics.startNext, Operation.StartNext],
			[topics.describe("j"), Operation.Describe],
			[topics.update("j"), Operation.Update],
		] as const) {
			assert.equal(parse(parser, `${topic}/accepted`)?.operation, operation);
		}
		assert.equal(parse(parser, topics.notifyNext)?.operation, Operation.NotifyNext);
	});
});
