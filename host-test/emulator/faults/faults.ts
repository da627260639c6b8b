import { EventEmitter } from "node:events";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import { Glob, literal } from "../base/glob.js";

/** Which way a message goes. */
export type Direction = "service" | "device";

const WIRE_ACTIONS = ["lose", "delay", "duplicate", "reorder", "cut"] as const;
const ACTIONS = [...WIRE_ACTIONS, "error", "restart-broker", "restart-service"] as const;
export type FaultAction = (typeof ACTIONS)[number];

/** The error codes of the device API, and LimitExceeded of the control plane. */
export type FaultCode = ErrorCode | "LimitExceeded";

const CODES: readonly FaultCode[] = [
	"InvalidTopic",
	"InvalidJson",
	"InvalidRequest",
	"InvalidStateTransition",
	"ResourceNotFound",
	"VersionMismatch",
	"InternalError",
	"RequestThrottled",
	"TerminalStateReached",
	"LimitExceeded",
];

/**
 * A fault, and the messages that it meets. Without conditions it meets every message, in both directions.
 *
 * - `lose`: the message is acknowledged and not delivered. A request over HTTPS is never answered.
 * - `delay`: the message is delivered `ms` later; messages sent after it overtake it.
 * - `duplicate`: the message is delivered twice.
 * - `reorder`: the message is delivered after the next one of its direction, or after `ms` if there is none.
 * - `cut`: the connection is cut, and the message lost.
 * - `error`: the request is answered with `code`, and not carried out.
 * - `restart-broker`: all connections are cut, then the port listens again. `restart-service`: the service restarts from its
 *   state. The message that triggers the restart is lost.
 */
export interface Fault {
	readonly action: FaultAction;
	/** Only messages of this thing. */
	readonly thing?: string | undefined;
	/** Only messages in this direction. `error` and `restart-service` meet requests only. */
	readonly to?: Direction | undefined;
	/** Only messages on these topics; `*` is any text, as in `*\/update/accepted`. */
	readonly topic?: string | undefined;
	/** For `error`. Default: InternalError. */
	readonly code?: FaultCode | undefined;
	/** For `delay` and `reorder`, in milliseconds. Default: 1,000. */
	readonly ms?: number | undefined;
	/** How many messages it meets. Default: all. */
	readonly times?: number | undefined;
	/** How many matching messages pass first. Default: 0. */
	readonly skip?: number | undefined;
	/** The probability, 0 to 1, that it meets a matching message. Default: 1. */
	readonly probability?: number | undefined;
	/** Seed of the random numbers, which are the same in each run. Default: 1. */
	readonly seed?: number | undefined;
}

/** A fault that is active. */
export interface ListedFault extends Fault {
	readonly id: string;
	/** How many messages it has met. */
	readonly struck: number;
}

/** A fault that meets a message. */
export interface Struck {
	readonly action: FaultAction;
	readonly code: FaultCode;
	readonly ms: number;
}

interface Armed {
	readonly fault: Fault;
	readonly topic: Glob;
	readonly random: () => number;
	matched: number;
	struck: number;
}

/** A request of the operator has no topic; it matches as `control/METHOD /path`. */
export const CONTROL = "control/";

interface FaultEvents {
	/** A line for the log. */
	struck: [string];
}

/** The active faults. Each message is matched against them in the order in which they were added. */
export class Faults extends EventEmitter<FaultEvents> {
	/** By their ids. */
	readonly #armed = new Map<string, Armed>();
	#count = 0;

	/** @returns removes the fault @throws when the error code does not exist for these topics */
	add(fault: Fault): () => void {
		const id = this.arm(fault);
		return () => void this.remove(id);
	}

	/** @returns the fault's id @throws when the error code does not exist for these topics */
	arm(fault: Fault): string {
		checkCode(fault);
		const armed = {
			fault: { ...fault, ...(isForRequests(fault.action) && { to: "service" as const }) },
			topic: new Glob(topicPattern(fault.topic ?? "*")),
			random: randomFrom(fault.seed ?? 1),
			matched: 0,
			struck: 0,
		};
		this.#count += 1;
		const id = `fault-${this.#count}`;
		this.#armed.set(id, armed);
		return id;
	}

	/** In the order in which messages are matched against them. */
	list(): ListedFault[] {
		return [...this.#armed].map(([id, { fault, struck }]) => ({ id, ...fault, struck }));
	}

	/** @returns false when there is no such fault */
	remove(id: string): boolean {
		return this.#armed.delete(id);
	}

	clear(): void {
		this.#armed.clear();
	}

	/** The first fault that meets this message, if any. */
	strike(thing: string, to: Direction, topic: string): Struck | undefined {
		if (this.#armed.size === 0) return undefined;
		for (const armed of this.#armed.values()) {
			if (!matches(armed, thing, to, topic) || !meets(armed)) continue;
			const { action, code = "InternalError", ms = 1_000 } = armed.fault;
			this.emit("struck", `fault: ${action}${action === "error" ? ` ${code}` : ""}, to ${to}, ${topic}`);
			return { action, code, ms };
		}
		return undefined;
	}
}

function checkCode({ code, topic }: Fault): void {
	if (code !== "LimitExceeded" || topic?.startsWith(CONTROL)) return;
	throw new Error(`code=LimitExceeded is for the operator's requests only: topic=${CONTROL}...`);
}

function matches({ fault, topic: pattern }: Armed, thing: string, to: Direction, topic: string): boolean {
	if (fault.thing !== undefined && fault.thing !== thing) return false;
	if (fault.to !== undefined && fault.to !== to) return false;
	// A fault meets the operator's requests only when its topic names them.
	if (topic.startsWith(CONTROL) && !fault.topic?.startsWith(CONTROL)) return false;
	return pattern.test(topic);
}

/** Whether a matching message is met, by count and probability. */
function meets(armed: Armed): boolean {
	const { times = Number.POSITIVE_INFINITY, skip = 0, probability = 1 } = armed.fault;
	armed.matched += 1;
	if (armed.matched <= skip || armed.struck >= times || armed.random() >= probability) return false;
	armed.struck += 1;
	return true;
}

function isForRequests(action: FaultAction): boolean {
	return action === "error" || action === "restart-service";
}

/** In a fault `?` is no wildcard. */
function topicPattern(topic: string): string {
	return topic.split("*").map(literal).join("*");
}

/** Mulberry32: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

/** The help text of `--fault`. */
export const FAULT_HELP = `A fault is ACTION[,name=value...].

  lose              the message is acknowledged and not delivered
  delay             the message is delivered ms later; messages sent after it overtake it
  duplicate         the message is delivered twice
  reorder           the message is delivered after the next one of its direction, or after ms
  cut               the connection is cut, and the message lost
  error             the request is answered with code, and not carried out
  restart-broker    every connection is cut, then the port listens again
  restart-service   the service starts again from its state

  thing=NAME        only messages of this thing               default: any
  to=service|device only messages in this direction           default: both
  topic=PATTERN     only on these topics; * is any text       default: any
                    an operator's request has the topic 'control/METHOD /path'; it must be named
  code=CODE         for error                                 default: InternalError
  ms=MILLISECONDS   for delay and reorder                     default: 1000
  skip=N            the first N matching messages pass        default: 0
  times=N           at most N messages                        default: all
  probability=P     for each matching message, 0 to 1         default: 1
  seed=N            of the random numbers                     default: 1

  iot-jobs emulate ... --fault 'lose,to=device,topic=*/update/accepted,times=1'
  iot-jobs emulate ... --fault 'error,topic=control/PUT /jobs/*,code=RequestThrottled,times=1'
  iot-jobs emulate ... --fault 'error,topic=*/start-next,code=RequestThrottled,probability=0.5'
`;

const READERS: Record<string, (value: string) => Partial<Fault>> = {
	thing: (thing) => ({ thing }),
	topic: (topic) => ({ topic }),
	to(to) {
		if (to === "service" || to === "device") return { to };
		throw new Error("to=service or to=device");
	},
	code(code) {
		if ((CODES as readonly string[]).includes(code)) return { code: code as FaultCode };
		throw new Error(`code=${CODES.join("|")}`);
	},
	ms: (text) => ({ ms: whole("ms", text, 0) }),
	times: (text) => ({ times: whole("times", text, 1) }),
	skip: (text) => ({ skip: whole("skip", text, 0) }),
	seed: (text) => ({ seed: whole("seed", text, 0) }),
	probability(text) {
		const probability = Number(text);
		if (text !== "" && probability >= 0 && probability <= 1) return { probability };
		throw new Error("probability=0..1");
	},
};

/**
 * Reads `ACTION[,name=value...]`, as `lose,to=device,topic=*\/update/accepted,times=1`.
 *
 * @throws with a sentence that says what is allowed
 */
export function readFault(text: string): Fault {
	const [action, ...members] = text.split(",");
	if (!(ACTIONS as readonly string[]).includes(action ?? "")) {
		throw new Error(`unknown fault "${action}"; there are ${ACTIONS.join(", ")}`);
	}
	let fault: Fault = { action: action as FaultAction };
	for (const member of members) {
		const at = member.indexOf("=");
		const name = member.slice(0, at);
		const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
		if (at < 0 || read === undefined) {
			throw new Error(`"${member}": write name=value, with one of ${Object.keys(READERS).join(", ")}`);
		}
		fault = { ...fault, ...read(member.slice(at + 1)) };
	}
	checkCode(fault);
	return fault;
}

/** Reads the same from the members of an object. @throws with a sentence that says what is allowed */
export function readFaultObject(members: Readonly<Record<string, unknown>>): Fault {
	const { action, ...others } = members;
	return readFault([action, ...Object.entries(others).map(([name, value]) => `${name}=${value}`)].join(","));
}

function whole(name: string, text: string, min: number): number {
	const value = Number(text);
	if (/^\d{1,9}$/.test(text) && value >= min) return value;
	throw new Error(`${name}= takes a whole number, ${min} or more`);
}
