import { OtaHandler } from "../../../src/handlers/ota/ota.js";
import { TopicParser } from "../../../src/protocol/topic-parser.js";
import { Operation } from "../../../src/protocol/topics.js";

/** Tries to change what preloading has frozen: each success is traced. */
export default function main(): void {
	const attempts: [string, () => void][] = [
		["a constant's member", () => Object.assign(Operation, { GetPending: 9 })],
		["a new member of a constant", () => Object.assign(Operation, { More: 9 })],
		["a method of a class", () => Object.assign(TopicParser.prototype, { parse: () => true })],
		["a static member of a class", () => Object.assign(OtaHandler, { more: 1 })],
	];
	const changed: string[] = [];
	for (const [what, attempt] of attempts) {
		try {
			attempt();
			changed.push(what);
		} catch {
			// frozen
		}
	}
	trace(JSON.stringify({ attempts: attempts.length, changed }));
}
