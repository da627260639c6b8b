import type { FastifyInstance } from "fastify";
import { thingArn } from "../base/arn.js";
import { invalidRequest, notFound } from "../base/errors.js";
import { DETAIL_NAME, JOB_ID, THING_NAME } from "../base/names.js";
import type { Milliseconds } from "../base/time.js";
import { type Execution, secondsBeforeTimedOut } from "../jobs/execution.js";
import type { Command, Rejection } from "../jobs/operations.js";
import type { JobsService } from "../jobs/service.js";
import { NO_BODY } from "./empty-bodies.js";
import { throwIfRejected } from "./errors.js";
import { optionalObject, wholeNumber } from "./members.js";

interface Call {
	Params: { thingName: string; jobId: string; executionNumber: string };
	Querystring: { force?: string; executionNumber?: string };
	Body: { expectedVersion?: unknown; statusDetails?: unknown } | null;
}

/** Source: AWS IoT API reference, CancelJobExecution. */
const MAX_DETAILS = 10;
const DETAIL_VALUE = /^[^\p{C}]{1,1024}$/u;

/** DescribeJobExecution, CancelJobExecution and DeleteJobExecution of the control plane. */
export function executionRoutes(server: FastifyInstance, service: JobsService, now: () => Milliseconds): void {
	server.get<Call>("/things/:thingName/jobs/:jobId", ({ params, query: { executionNumber } }) => {
		const { thingName, jobId } = readNames(params);
		const number = executionNumber === undefined ? undefined : wholeNumber("executionNumber", executionNumber);
		const execution = service.execution(thingName, jobId, number);
		if (execution === undefined) throw notFound(`Job execution ${jobId} of thing ${thingName} does not exist`);
		return { execution: describeExecution(thingName, execution, now()) };
	});
	server.put<Call>("/things/:thingName/jobs/:jobId/cancel", ({ params, query, body }) => {
		const { thingName, jobId } = readNames(params);
		const { expectedVersion, statusDetails } = body ?? {};
		carryOut(service, thingName, {
			type: "cancel",
			jobId,
			force: query.force === "true",
			expectedVersion: expectedVersion === undefined ? undefined : wholeNumber("expectedVersion", expectedVersion),
			statusDetails: readDetails(statusDetails),
		});
		return NO_BODY;
	});
	server.delete<Call>("/things/:thingName/jobs/:jobId/executionNumber/:executionNumber", ({ params, query }) => {
		const { thingName, jobId } = readNames(params);
		const executionNumber = wholeNumber("executionNumber", params.executionNumber);
		carryOut(service, thingName, { type: "delete", jobId, executionNumber, force: query.force === "true" });
		return NO_BODY;
	});
}

function carryOut(service: JobsService, thingName: string, command: Command): void {
	let rejected: Rejection | undefined;
	service.execute(thingName, command, (result) => {
		rejected = result.rejected;
	});
	throwIfRejected(rejected);
}

/** @throws ServiceError */
function readNames({ thingName, jobId }: Call["Params"]): { thingName: string; jobId: string } {
	THING_NAME.check("thingName", thingName);
	JOB_ID.check("jobId", jobId);
	return { thingName, jobId };
}

function readDetails(value: unknown): Record<string, string> | undefined {
	const details = optionalObject("statusDetails", value);
	if (details === undefined) return undefined;
	const entries = Object.entries(details);
	if (entries.length > MAX_DETAILS) throw invalidRequest(`statusDetails: at most ${MAX_DETAILS}`);
	for (const [name, text] of entries) {
		DETAIL_NAME.check(`statusDetails: the name ${JSON.stringify(name)}`, name);
		if (typeof text !== "string" || !DETAIL_VALUE.test(text)) {
			throw invalidRequest(`statusDetails.${name}: 1 to 1024 characters, none of them a control character`);
		}
	}
	return details as Record<string, string>;
}

/** In the control plane times are seconds with a fraction, and status details are nested. */
function describeExecution(thingName: string, execution: Execution, now: Milliseconds) {
	const { jobId, status, statusDetails, queuedAt, startedAt, lastUpdatedAt, executionNumber, versionNumber } =
		execution;
	const { forceCanceled = false } = execution;
	const secondsLeft = secondsBeforeTimedOut(execution, now);
	return {
		jobId,
		status,
		...(status === "CANCELED" && { forceCanceled }),
		statusDetails: statusDetails === undefined ? {} : { detailsMap: statusDetails },
		thingArn: thingArn(thingName),
		queuedAt: queuedAt / 1_000,
		...(startedAt !== undefined && { startedAt: startedAt / 1_000 }),
		lastUpdatedAt: lastUpdatedAt / 1_000,
		executionNumber,
		versionNumber,
		...(secondsLeft !== undefined && { approximateSecondsBeforeTimedOut: secondsLeft }),
	};
}
