import type {
	DescribeJobExecutionRequest,
	ErrorCode,
	StartNextPendingJobExecutionRequest,
	UpdateJobExecutionRequest,
} from "../../src/agent/messages.js";
import type { Command, Result } from "./model.js";
import { BadRequest, readRequest } from "./requests.js";
import { invalid, type MessageType } from "./schemas.js";
import type { JobsService } from "./service.js";

/** One answer, for the client that asked. */
export type Answer = (topic: string, payload: object) => void;

type Request = { command: Command; clientToken: string | undefined };

interface Operation {
	readonly pattern: RegExp;
	readonly response: MessageType;
	read(jobId: string, payload: Uint8Array): Request;
}

const JOB_ID = "([a-zA-Z0-9_-]{1,64})";

/** The commands of the MQTT API, by what follows `$aws/things/<thingName>/jobs/`. */
const OPERATIONS: readonly Operation[] = [
	{
		pattern: /^get$/,
		response: "GetPendingJobExecutionsResponse",
		read(_jobId, payload) {
			const { clientToken } = readRequest("GetPendingJobExecutionsRequest", payload);
			return { command: { type: "getPending" }, clientToken };
		},
	},
	{
		pattern: /^start-next$/,
		response: "StartNextPendingJobExecutionResponse",
		read(_jobId, payload) {
			const { clientToken, ...request } = readRequest<StartNextPendingJobExecutionRequest>(
				"StartNextPendingJobExecutionRequest",
				payload,
			);
			return { command: { type: "startNext", ...request }, clientToken };
		},
	},
	{
		pattern: new RegExp(`^(?:${JOB_ID}|(\\$next))/get$`),
		response: "DescribeJobExecutionResponse",
		read(jobId, payload) {
			const { clientToken, ...request } = readRequest<DescribeJobExecutionRequest>(
				"DescribeJobExecutionRequest",
				payload,
			);
			return { command: { type: "describe", jobId, ...request }, clientToken };
		},
	},
	{
		pattern: new RegExp(`^${JOB_ID}/update$`),
		response: "UpdateJobExecutionResponse",
		read(jobId, payload) {
			const { clientToken, ...request } = readRequest<UpdateJobExecutionRequest>("UpdateJobExecutionRequest", payload);
			return { command: { type: "update", jobId, request }, clientToken };
		},
	},
];

/** The Jobs service over MQTT: it only translates. */
export class MqttFace {
	readonly #service: JobsService;

	constructor(service: JobsService) {
		this.#service = service;
	}

	/**
	 * Takes a message that was published in a thing's jobs namespace.
	 *
	 * @param rest what follows `$aws/things/<thingName>/jobs/`
	 * @param answer is called once, with the topic's last part: the answer goes out before any notification that follows
	 */
	receive(thingName: string, rest: string, payload: Uint8Array, answer: Answer): void {
		let clientToken: string | undefined;
		const reject = (rejection: { code: ErrorCode; message: string }) =>
			answer(
				"rejected",
				this.#checked("ErrorResponse", { ...rejection, clientToken, timestamp: this.#service.timestamp }),
			);
		try {
			const { operation, jobId } = find(rest);
			const request = operation.read(jobId, payload);
			clientToken = request.clientToken;
			this.#service.execute(thingName, request.command, (result: Result) => {
				if (result.rejected !== undefined) return reject(result.rejected);
				const { timestamp } = this.#service;
				answer("accepted", this.#checked(operation.response, { ...result.accepted, clientToken, timestamp }));
			});
		} catch (error) {
			if (!(error instanceof BadRequest)) throw error;
			clientToken = error.clientToken;
			reject({ code: error.code, message: error.message });
		}
	}

	/** A notification, ready for its topic. */
	notice(name: "notify" | "notify-next", payload: object): object {
		return this.#checked(name === "notify" ? "JobExecutionsChanged" : "NextJobExecutionChanged", payload);
	}

	/** What goes out is held against the schemas as well: an emulator that answers wrongly is worse than none. */
	#checked<T extends object>(type: MessageType, message: T): T {
		const problem = invalid(type, JSON.parse(JSON.stringify(message)));
		if (problem !== undefined) throw new Error(`${type}: ${problem}`);
		return message;
	}
}

function find(rest: string): { operation: Operation; jobId: string } {
	for (const operation of OPERATIONS) {
		const match = operation.pattern.exec(rest);
		if (match) return { operation, jobId: match[1] ?? match[2] ?? "" };
	}
	throw new BadRequest("InvalidTopic", "The topic names no operation of the Jobs service");
}
