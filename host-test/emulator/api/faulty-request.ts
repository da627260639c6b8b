import type { FastifyReply } from "fastify";
import type { Clock } from "../../clock.js";
import type { FaultCode, Faults } from "../faults/faults.js";

/** A request over HTTP that a fault may meet. */
export interface Passage {
	readonly clock: Clock;
	readonly thingName: string;
	/** Faults are asked for by topic. */
	readonly topic: string;
	readonly reply: FastifyReply;
	readonly toError: (code: FaultCode) => Error;
}

/** @returns false when the fault was that nobody answers @throws when it was an error */
export async function pass(faults: Faults, { clock, thingName, topic, reply, toError }: Passage): Promise<boolean> {
	const struck = faults.strike(thingName, "service", topic);
	switch (struck?.action) {
		case "error":
			throw toError(struck.code);
		case "lose":
			reply.hijack();
			return false;
		case "cut":
			reply.hijack();
			reply.raw.destroy();
			return false;
		case "delay":
			await new Promise<void>((resolve) => void clock.after(struck.ms, resolve));
			return true;
		default:
			// The other faults are of the order of messages, or of a broker.
			return true;
	}
}
