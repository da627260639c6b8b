import type { FastifyInstance } from "fastify";
import { deadlineOf, type Execution } from "../jobs/execution.js";
import type { JobsService } from "../jobs/service.js";
import type { Command, Rejection } from "../jobs/thing-jobs.js";
import { thingArn } from "../registry/arn.js";
import { invalidRequest, notFound, throwIfRejected } from "./errors.js";

interface Call {
	Params: { thingName: string; jobId: string; executionNumber: string };
	Querystring: { force?: string; executionNumber?: string };
	Body: { expectedVersion?: unknown; statusDetails?: unknown } | null;
}

/** DescribeJobExecution, CancelJobExecution, DeleteJobExecution, as the operator asks for them. */
export function executionRoutes(server: FastifyInstance, service: JobsService, now: () => number): void {
	server.get<Call>("/things/:thingName/jobs/:jobId", ({ params: { thingName, jobId }, query }) => {
		const number =
			query.executionNumber === undefined ? undefined : readNumber("executionNumber", query.executionNumber);
		const execution = service.execution(thingName, jobId, number);
		if (execution === undefined) throw notFound(`Job execution ${jobId} of thing ${thingName} does not exist`);
		return { execution: describeExecution(thingName, execution, service.job(jobId)?.forceCanceled ?? false, now()) };
	});
	server.put<Call>("/things/:thingName/jobs/:jobId/cancel", ({ params: { thingName, jobId }, query, body }) => {
		const { expectedVersion, statusDetails } = body ?? {};
		carryOut(service, thingName, {
			type: "cancel",
			jobId,
			force: query.force === "true",
			expectedVersion: expectedVersion === undefined ? undefined : readNumber("expectedVersion", expectedVersion),
			statusDetails: readDetails(statusDetails),
		});
		return {};
	});
	server.delete<Call>(
		"/things/:thingName/jobs/:jobId/executionNumber/:executionNumber",
		({ params: { thingName, jobId, executionNumber: text }, query }) => {
			const executionNumber = readNumber("executionNumber", text);
			carryOut(service, thingName, { type: "delete", jobId, executionNumber, force: query.force === "true" });
			return {};
		},
	);
}

function carryOut(service: JobsService, thingName: string, command: Command): void {
	let rejected: Rejection | undefined;
	service.execute(thingName, command, (result) => {
		rejected = result.rejected;
	});
	throwIfRejected(rejected);
}

function readNumber(name: string, value: unknown): number {
	const number = Number(value);
	if (Number.isSafeInteger(number) && number >= 0) return number;
	throw invalidRequest(`${name}: a whole number`);
}

function readDetails(value: unknown): Record<string, string> | undefined {
	if (value === undefined || value === null) return undefined;
	const entries = typeof value === "object" ? Object.entries(value) : [];
	const isGood = ([name, text]: [string, unknown]) =>
		/^[a-zA-Z0-9:_-]{1,128}$/.test(name) && typeof text === "string" && /^[^\p{C}]{1,1024}$/u.test(text);
	if (typeof value === "object" && entries.length <= 10 && entries.every(isGood))
		return value as Record<string, string>;
	throw invalidRequest("statusDetails: at most 10 names of a-z A-Z 0-9 : _ -, with texts of 1 to 1024 characters");
}

/** In the control plane times are fractional seconds, and details are nested. */
function describeExecution(thingName: string, execution: Execution, forceCanceled: boolean, now: number) {
	const { jobId, status, statusDetails, queuedAt, startedAt, lastUpdatedAt, executionNumber, versionNumber } =
		execution;
	const deadline = deadlineOf(execution);
	return {
		jobId,
		status,
		...(status === "CANCELED" && { forceCanceled }),
		...(statusDetails && { statusDetails: { detailsMap: statusDetails } }),
		thingArn: thingArn(thingName),
		queuedAt: queuedAt / 1_000,
		...(startedAt !== undefined && { startedAt: startedAt / 1_000 }),
		lastUpdatedAt: lastUpdatedAt / 1_000,
		executionNumber,
		versionNumber,
		...(deadline !== undefined && {
			approximateSecondsBeforeTimedOut: Math.max(0, Math.ceil((deadline - now) / 1_000)),
		}),
	};
}
