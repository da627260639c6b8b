import type { Application } from "../../src/agent/application.js";
import { Counters } from "../../src/agent/events.js";
import { HandlerRegistry } from "../../src/agent/handler-registry.js";
import { Inbox } from "../../src/agent/inbox.js";
import type { Sender } from "../../src/agent/sender.js";
import { TopicParser } from "../../src/protocol/topic-parser.js";
import { Operation, Topics } from "../../src/protocol/topics.js";

/** Callgrind writes down what was counted, and begins anew, whenever this is called. */
declare function hostHeap(which: 0): number;

const BASE = "$aws/things/alpha/jobs/";
const ROUNDS = 1_000;

/** Runs in XS, under callgrind: each way on each topic, in the order that `benchPath` expects. */
export default function main(): void {
	const topics = new Topics("alpha");
	const topic = topics.update("job-1");
	const request = { accepted: `${topic}/accepted`, rejected: `${topic}/rejected`, operation: Operation.Update, topics };
	const application = { counters: new Counters(), log: () => undefined };
	const names = new HandlerRegistry();
	const inbox = new Inbox(application as unknown as Application, request as unknown as Sender, names);
	const parser = new TopicParser("alpha");
	parser.setJob("job-1");
	const nothing = { kindOf: (_topic: string) => undefined };
	for (const name of [
		`${topic}/accepted`,
		`${BASE}notify-next`,
		`${BASE}get/accepted`,
		`${BASE}job-2/update/accepted`,
		"a/b/c/d/e/f",
	]) {
		hostHeap(0);
		for (let i = 0; i < ROUNDS; i += 1);
		hostHeap(0);
		for (let i = 0; i < ROUNDS; i += 1) nothing.kindOf(name);
		hostHeap(0);
		for (let i = 0; i < ROUNDS; i += 1) name.split("/");
		hostHeap(0);
		for (let i = 0; i < ROUNDS; i += 1) parser.parse(name);
		hostHeap(0);
		for (let i = 0; i < ROUNDS; i += 1) inbox.kindOf(name);
	}
	hostHeap(0);
	trace("done");
}
