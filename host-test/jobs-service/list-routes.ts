import type { FastifyInstance } from "fastify";
import type { JobExecutionStatus } from "../../src/agent/messages.js";
import { jobArn, thingArn } from "./arn.js";
import type { Execution } from "./execution.js";
import { invalidRequest, notFound } from "./http.js";
import type { Job } from "./job-model.js";
import { type PageQuery, paginate } from "./pagination.js";
import type { JobsService } from "./service.js";

const EXECUTION_STATUSES: readonly JobExecutionStatus[] = [
	...(["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED"] as const),
	...(["TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"] as const),
];
const JOB_STATUSES = ["IN_PROGRESS", "CANCELED", "COMPLETED", "DELETION_IN_PROGRESS", "SCHEDULED"];

/** ListJobs, ListJobExecutionsForJob and ListJobExecutionsForThing: newest first, in pages. */
export function listRoutes(server: FastifyInstance, service: JobsService): void {
	server.get<{ Querystring: PageQuery & { status?: string; targetSelection?: string } }>("/jobs", ({ query }) => {
		const { status, targetSelection } = query;
		check("status", status, JOB_STATUSES);
		check("targetSelection", targetSelection, ["SNAPSHOT", "CONTINUOUS"]);
		const jobs = service
			.jobs()
			.filter((job) => status === undefined || job.status === status)
			.filter(() => targetSelection !== "CONTINUOUS");
		const { items, nextToken } = paginate(jobs, query, ({ jobId }) => jobId);
		return { jobs: items.map(jobSummary), ...(nextToken !== undefined && { nextToken }) };
	});

	server.get<{ Params: { jobId: string }; Querystring: PageQuery & { status?: string } }>(
		"/jobs/:jobId/things",
		({ params: { jobId }, query }) => {
			const job = service.job(jobId);
			if (job === undefined) throw notFound(`Job ${jobId} does not exist`);
			check("status", query.status, EXECUTION_STATUSES);
			const all = job.targets
				.flatMap((thingName) => service.executions(thingName, jobId).map((execution) => ({ thingName, execution })))
				.filter(({ execution }) => query.status === undefined || execution.status === query.status);
			const { items, nextToken } = paginate(all, query, keyOf);
			return {
				executionSummaries: items.map(({ thingName, execution }) => ({
					thingArn: thingArn(thingName),
					jobExecutionSummary: executionSummary(execution),
				})),
				...(nextToken !== undefined && { nextToken }),
			};
		},
	);

	server.get<{ Params: { thingName: string }; Querystring: PageQuery & { status?: string; jobId?: string } }>(
		"/things/:thingName/jobs",
		({ params: { thingName }, query }) => {
			if (!service.hasThing(thingName)) throw notFound(`Thing ${thingName} does not exist`);
			check("status", query.status, EXECUTION_STATUSES);
			const all = service
				.executions(thingName, query.jobId)
				.filter(({ status }) => query.status === undefined || status === query.status)
				.map((execution) => ({ thingName, execution }));
			const { items, nextToken } = paginate(all, query, keyOf);
			return {
				executionSummaries: items.map(({ execution }) => ({
					jobId: execution.jobId,
					jobExecutionSummary: executionSummary(execution),
				})),
				...(nextToken !== undefined && { nextToken }),
			};
		},
	);
}

function keyOf({ thingName, execution }: { thingName: string; execution: Execution }): string {
	return `${thingName}/${execution.jobId}/${execution.executionNumber}`;
}

function check(name: string, value: string | undefined, allowed: readonly string[]): void {
	if (value !== undefined && !allowed.includes(value)) throw invalidRequest(`${name}: one of ${allowed.join(", ")}`);
}

function jobSummary({ jobId, status, createdAt, lastUpdatedAt, completedAt }: Job) {
	return {
		jobArn: jobArn(jobId),
		jobId,
		targetSelection: "SNAPSHOT",
		status,
		createdAt: createdAt / 1_000,
		lastUpdatedAt: lastUpdatedAt / 1_000,
		...(completedAt !== undefined && { completedAt: completedAt / 1_000 }),
		isConcurrent: false,
	};
}

function executionSummary({ status, queuedAt, startedAt, lastUpdatedAt, executionNumber, retryAttempt }: Execution) {
	return {
		status,
		queuedAt: queuedAt / 1_000,
		...(startedAt !== undefined && { startedAt: startedAt / 1_000 }),
		lastUpdatedAt: lastUpdatedAt / 1_000,
		executionNumber,
		retryAttempt,
	};
}
