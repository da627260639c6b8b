import type { FastifyInstance } from "fastify";
import type { JobExecutionStatus } from "../../../src/protocol/messages.js";
import { groupArn, jobArn, thingArn } from "../base/arn.js";
import { notFound } from "../base/errors.js";
import { THING_NAME } from "../base/names.js";
import type { Execution } from "../jobs/execution.js";
import { isRollingOut, JOB_STATUSES, type Job, TARGET_SELECTIONS } from "../jobs/job.js";
import type { JobsService } from "../jobs/service.js";
import type { Registry } from "../registry/things.js";
import { findJob } from "./job-routes.js";
import { optionalOneOf } from "./members.js";
import { type PageQuery, paginate, readToken } from "./pagination.js";

const EXECUTION_STATUSES: readonly JobExecutionStatus[] = [
	...(["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED"] as const),
	...(["TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"] as const),
];

interface JobsQuery extends PageQuery {
	readonly status?: string;
	readonly targetSelection?: string;
	readonly thingGroupName?: string;
	readonly thingGroupId?: string;
}

/** ListJobs, ListJobExecutionsForJob and ListJobExecutionsForThing: newest first, in pages. */
export function listRoutes(server: FastifyInstance, service: JobsService, registry: Registry): void {
	server.get<{ Querystring: JobsQuery }>("/jobs", ({ query }) => {
		const { status, targetSelection, thingGroupName, thingGroupId } = query;
		optionalOneOf("status", status, JOB_STATUSES);
		optionalOneOf("targetSelection", targetSelection, TARGET_SELECTIONS);
		const group = thingGroupName ?? registry.groups().find(({ groupId }) => groupId === thingGroupId)?.groupName;
		if (thingGroupId !== undefined && group === undefined) throw notFound(`Thing group ${thingGroupId} does not exist`);
		const jobs = service
			.jobs()
			.filter((job) => status === undefined || job.status === status)
			.filter((job) => targetSelection === undefined || job.targetSelection === targetSelection)
			.filter((job) => group === undefined || job.targets.includes(groupArn(group)));
		const { items, nextToken } = paginate(jobs, query, ({ jobId }) => jobId);
		const groupIds = new Map(registry.groups().map(({ groupName, groupId }) => [groupArn(groupName), groupId]));
		return { jobs: items.map((job) => jobSummary(job, groupIds)), ...(nextToken !== undefined && { nextToken }) };
	});

	server.get<{ Params: { jobId: string }; Querystring: PageQuery & { status?: string } }>(
		"/jobs/:jobId/things",
		({ params: { jobId }, query }) => {
			findJob(service, jobId);
			optionalOneOf("status", query.status, EXECUTION_STATUSES);
			const all = executionsOf(service, jobId, query);
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
			THING_NAME.check("thingName", thingName);
			if (!service.hasThing(thingName)) throw notFound(`Thing ${thingName} does not exist`);
			optionalOneOf("status", query.status, EXECUTION_STATUSES);
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

/** In the order of the rollout, from the end of the page before: a page costs its own length, not the number of things. */
function* executionsOf(service: JobsService, jobId: string, query: PageQuery & { status?: string }): Generator<Listed> {
	const things = service.thingsOf(jobId);
	const [thingName] = readToken(query.nextToken)?.split("/") ?? [];
	for (let i = Math.max(0, things.indexOf(thingName ?? "")); i < things.length; i += 1) {
		const thingName = things[i] as string;
		for (const execution of service.executions(thingName, jobId)) {
			const listed = { thingName, execution };
			const isPast = keyOf(listed) === readToken(query.nextToken);
			if (isPast || query.status === undefined || execution.status === query.status) yield listed;
		}
	}
}

interface Listed {
	readonly thingName: string;
	readonly execution: Execution;
}

function keyOf({ thingName, execution }: Listed): string {
	return `${thingName}/${execution.jobId}/${execution.executionNumber}`;
}

/** @param groupIds by the ARN of the group */
function jobSummary(job: Job, groupIds: ReadonlyMap<string, string>) {
	const { jobId, status, targetSelection, targets, createdAt, lastUpdatedAt, completedAt } = job;
	// Open point: group of several.
	const thingGroupId = targets.map((target) => groupIds.get(target)).find((id) => id !== undefined);
	return {
		jobArn: jobArn(jobId),
		jobId,
		...(thingGroupId !== undefined && { thingGroupId }),
		targetSelection,
		status,
		createdAt: createdAt / 1_000,
		lastUpdatedAt: lastUpdatedAt / 1_000,
		...(completedAt !== undefined && { completedAt: completedAt / 1_000 }),
		isConcurrent: isRollingOut(job),
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
