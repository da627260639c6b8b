import { EventEmitter } from "node:events";
import type { ErrorCode } from "../../../src/protocol/messages.js";

/** Where a message was going when the fault met it. */
export type Direction = "service" | "device";

const WIRE_ACTIONS = ["lose", "delay", "duplicate", "reorder", "cut"] as const;
const ACTIONS = [...WIRE_ACTIONS, "error", "restart-broker", "restart-service"] as const;
export type FaultAction = (typeof ACTIONS)[number];

/** Of the device's API, and one that the control plane has besides. */
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
 * What goes wrong, and with which messages. Without a condition: with every message in both directions.
 *
 * - `lose`: the broker has acknowledged it, and nobody gets it. A request over HTTPS is never answered.
 * - `delay`: it comes `ms` later, and what was sent after it comes first.
 * - `duplicate`: it comes twice.
 * - `reorder`: it comes after the next one of its direction; after `ms` if there is none.
 * - `cut`: the connection is cut, and the message is lost with it.
 * - `error`: the request is answered with `code`, and not carried out.
 * - `restart-broker`: all connections are cut, and the port listens again. `restart-service`: the service starts again
 *   from its state. The message that set it off is lost.
 */
export interface Fault {
	readonly action: FaultAction;
	readonly thing?: string | undefined;
	/** Which way the message goes. An error and a restart of the service have to do with requests alone. */
	readonly to?: Direction | undefined;
	/** A topic with `*` for any text, such as `*\/update/accepted`. */
	readonly topic?: string | undefined;
	/** With `error`. Default InternalError. */
	readonly code?: FaultCode | undefined;
	/** With `delay` and `reorder`, in milliseconds. Default 1,000. */
	readonly ms?: number | undefined;
	/** How often it happens. Default: always. */
	readonly times?: number | undefined;
	/** So many messages that would match pass first. Default 0. */
	readonly skip?: number | undefined;
	/** Of each message that matches: 0..1. Default 1. */
	readonly probability?: number | undefined;
	/** Of the chance, which is the same in each run. Default 1. */
	readonly seed?: number | undefined;
}

/** The fault that meets a message. */
export interface Struck {
	readonly action: FaultAction;
	readonly code: FaultCode;
	readonly ms: number;
}

interface Armed {
	readonly fault: Fault;
	readonly topic: RegExp;
	readonly random: () => number;
	matched: number;
	struck: number;
}

/** What the operator asks for has no topic: it is `control/METHOD /path`. */
export const CONTROL = "control/";

interface FaultEvents {
	/** A line for the log. */
	struck: [string];
}

/** The faults that are in force: asked about each message, in the order in which they were added. */
export class Faults extends EventEmitter<FaultEvents> {
	readonly #armed = new Set<Armed>();

	/** @returns takes it back @throws when the code is none of those whom the topic concerns */
	add(fault: Fault): () => void {
		checkCode(fault);
		const armed = {
			fault: { ...fault, ...(isForRequests(fault.action) && { to: "service" as const }) },
			topic: globExpression(fault.topic ?? "*"),
			random: randomFrom(fault.seed ?? 1),
			matched: 0,
			struck: 0,
		};
		this.#armed.add(armed);
		return () => this.#armed.delete(armed);
	}

	clear(): void {
		this.#armed.clear();
	}

	/** The first fault that meets this message, if any. */
	strike(thing: string, to: Direction, topic: string): Struck | undefined {
		if (this.#armed.size === 0) return undefined;
		for (const armed of this.#armed) {
			if (!concerns(armed, thing, to, topic) || !falls(armed)) continue;
			const { action, code = "InternalError", ms = 1_000 } = armed.fault;
			this.emit("struck", `fault: ${action}${action === "error" ? ` ${code}` : ""}, to ${to}, ${topic}`);
			return { action, code, ms };
		}
		return undefined;
	}
}

function checkCode({ code, topic }: Fault): void {
	if (code !== "LimitExceeded" || topic?.startsWith(CONTROL)) return;
	throw new Error(`code=LimitExceeded is for the operator's requests: topic=${CONTROL}...`);
}

function concerns({ fault, topic: pattern }: Armed, thing: string, to: Direction, topic: string): boolean {
	if (fault.thing !== undefined && fault.thing !== thing) return false;
	if (fault.to !== undefined && fault.to !== to) return false;
	// The operator's requests are met by who names them.
	if (topic.startsWith(CONTROL) && !fault.topic?.startsWith(CONTROL)) return false;
	return pattern.test(topic);
}

/** Whether it is this message's turn. */
function falls(armed: Armed): boolean {
	const { times = Number.POSITIVE_INFINITY, skip = 0, probability = 1 } = armed.fault;
	armed.matched += 1;
	if (armed.matched <= skip || armed.struck >= times || armed.random() >= probability) return false;
	armed.struck += 1;
	return true;
}

function isForRequests(action: FaultAction): boolean {
	return action === "error" || action === "restart-service";
}

function globExpression(pattern: string): RegExp {
	return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\#]/g, "\\$&").replaceAll("*", "[^]*")}$`);
}

/** Mulberry32: small, and the same numbers everywhere. */
function randomFrom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

/** What `--fault` takes, for a person. */
export const FAULT_HELP = `A fault is ACTION[,name=value...].

  lose              the message is acknowledged, and nobody gets it
  delay             it comes ms later; what was sent after it comes first
  duplicate         it comes twice
  reorder           it comes after the next one of its direction, or after ms
  cut               the connection is cut, and the message lost
  error             the request is answered with code, and not carried out
  restart-broker    every connection is cut, and the port listens again
  restart-service   the service starts again from its state

  thing=NAME        only messages of this thing               default: any
  to=service|device only in this direction                    default: both
  topic=PATTERN     only on these topics; * is any text       default: any
                    an operator's request is 'control/METHOD /path', and met only by who names it
  code=CODE         for error                                 default: InternalError
  ms=MILLISECONDS   for delay and reorder                     default: 1000
  skip=N            N messages pass first                     default: 0
  times=N           N times, then never again                 default: always
  probability=P     of each message, 0 to 1                   default: 1
  seed=N            of the chance: the same each time         default: 1

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
 * @throws with a sentence that says what may be written
 */
export function readFault(text: string): Fault {
	const [action, ...members] = text.split(",");
	if (!(ACTIONS as readonly string[]).includes(action ?? "")) {
		throw new Error(`"${action}" is no fault; there are ${ACTIONS.join(", ")}`);
	}
	let fault: Fault = { action: action as FaultAction };
	for (const member of members) {
		const at = member.indexOf("=");
		const read = READERS[member.slice(0, at)];
		if (at < 0 || read === undefined) {
			throw new Error(`"${member}": write name=value, with one of ${Object.keys(READERS).join(", ")}`);
		}
		fault = { ...fault, ...read(member.slice(at + 1)) };
	}
	checkCode(fault);
	return fault;
}

/** The same as members of an object. @throws with a sentence */
export function readFaultObject(members: Readonly<Record<string, unknown>>): Fault {
	const { action, ...others } = members;
	return readFault([action, ...Object.entries(others).map(([name, value]) => `${name}=${value}`)].join(","));
}

function whole(name: string, text: string, min: number): number {
	const value = Number(text);
	if (/^\d{1,9}$/.test(text) && value >= min) return value;
	throw new Error(`${name}= takes a whole number, ${min} or more`);
}
