import type {
	DescribeJobExecutionRequest,
	ErrorCode,
	StartNextPendingJobExecutionRequest,
	UpdateJobExecutionRequest,
} from "../../../src/protocol/messages.js";
import { JOB_ID } from "../base/names.js";
import type { ServiceRequest } from "../broker/service-broker.js";
import { stateOf } from "../jobs/execution.js";
import type { Command, Rejection, Result } from "../jobs/operations.js";
import type { JobsService } from "../jobs/service.js";
import { checked, type MessageType } from "../schemas/messages.js";
import { BadRequest, readRequest } from "../schemas/requests.js";

type Request = { command: Command; clientToken: string | undefined };

interface Operation {
	readonly pattern: RegExp;
	readonly response: MessageType;
	read(jobId: string, payload: Uint8Array): Request;
}

/** The operations of the MQTT API, by what follows `$aws/things/<thingName>/jobs/`. */
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
		pattern: new RegExp(`^(?:(${JOB_ID.source})|(\\$next))/get$`),
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
		pattern: new RegExp(`^(${JOB_ID.source})/update$`),
		response: "UpdateJobExecutionResponse",
		read(jobId, payload) {
			const { clientToken, ...request } = readRequest<UpdateJobExecutionRequest>("UpdateJobExecutionRequest", payload);
			return { command: { type: "update", jobId, request }, clientToken };
		},
	},
];

/** The Jobs service over MQTT: it only translates. */
export class JobsMqtt {
	readonly #service: JobsService;

	constructor(service: JobsService) {
		this.#service = service;
	}

	/**
	 * Takes a message that was published under a thing's `jobs/`. It is answered once, before the notifications that follow
	 * from it.
	 */
	receive({ topic, thingName, rest, payload, fault, send }: ServiceRequest): void {
		const answer = (outcome: "accepted" | "rejected", body: object) =>
			send(`${topic}/${outcome}`, Buffer.from(JSON.stringify(body)));
		let clientToken: string | undefined;
		const reject = (rejection: Rejection) =>
			answer("rejected", checked("ErrorResponse", { ...rejection, clientToken, timestamp: this.#service.timestamp }));
		try {
			const { operation, jobId } = find(rest);
			const request = operation.read(jobId, payload);
			clientToken = request.clientToken;
			if (fault !== undefined) return reject(this.#rejection(fault, thingName, jobId));
			this.#service.execute(thingName, request.command, (result: Result) => {
				if (result.rejected !== undefined) return reject(result.rejected);
				const { timestamp } = this.#service;
				answer("accepted", checked(operation.response, { ...result.accepted, clientToken, timestamp }));
			});
		} catch (error) {
			if (!(error instanceof BadRequest)) {
				// A defect of the emulator: only the client that asked learns of it.
				return reject({ code: "InternalError", message: String(error) });
			}
			clientToken = error.clientToken;
			reject({ code: error.code, message: error.message });
		}
	}

	/** A notification, ready for its topic. */
	notice(name: "notify" | "notify-next", payload: object): object {
		return checked(name === "notify" ? "JobExecutionsChanged" : "NextJobExecutionChanged", payload);
	}

	/** What a fault answers. As in the service, two of the codes come with the execution's state. */
	#rejection(code: ErrorCode, thingName: string, jobId: string): Rejection {
		const message = "a fault was asked for";
		const execution = this.#service.execution(thingName, jobId);
		const carriesState = code === "InvalidStateTransition" || code === "VersionMismatch";
		return { code, message, ...(carriesState && execution && { executionState: stateOf(execution) }) };
	}
}

function find(rest: string): { operation: Operation; jobId: string } {
	for (const operation of OPERATIONS) {
		const match = operation.pattern.exec(rest);
		if (match) return { operation, jobId: match[1] ?? match[2] ?? "" };
	}
	throw new BadRequest("InvalidTopic", "The topic names no operation of the Jobs service");
}
