import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { isRollingOut, type Job } from "../jobs/job.js";
import {
	type JobConfig,
	object,
	oneOf,
	optionalObject,
	optionalText,
	readConfig,
	readScheduling,
	type Scheduling,
} from "../jobs/job-config.js";
import { type Documents, readDocument } from "../jobs/job-document.js";
import { jobProcessDetails } from "../jobs/job-events.js";
import { nextWindows } from "../jobs/maintenance-windows.js";
import type { JobsService } from "../jobs/service.js";
import { jobArn, parseTarget } from "../registry/arn.js";
import type { Tags } from "../registry/tags.js";
import type { Registry } from "../registry/things.js";
import { ApiError, invalidRequest, notFound, throwIfRejected } from "./errors.js";

export interface JobRoutesOptions {
	readonly service: JobsService;
	readonly registry: Registry;
	readonly documents: Documents;
	readonly tags: Tags;
	readonly clock: Clock;
}

type Body = Record<string, unknown> | null;
interface JobCall {
	Params: { jobId: string };
	Body: Body;
	Querystring: { force?: string; beforeSubstitution?: string };
}

/** How many of the next windows DescribeJob names. */
const LISTED_WINDOWS = 10;
const DEFINED = ([, value]: [string, unknown]) => value !== undefined;

/** CreateJob, DescribeJob, GetJobDocument, UpdateJob, AssociateTargetsWithJob, CancelJob, DeleteJob. */
export function jobRoutes(server: FastifyInstance, options: JobRoutesOptions): void {
	const { service, clock, tags } = options;

	server.put<JobCall>("/jobs/:jobId", ({ params: { jobId }, body }) => createJob(options, jobId, body ?? {}));

	server.get<JobCall>("/jobs/:jobId", ({ params: { jobId }, query: { beforeSubstitution } }) => ({
		...(beforeSubstitution === "true" && { documentSource: findJob(service, jobId).documentSource }),
		job: describeJob(findJob(service, jobId), clock.now()),
	}));

	server.get<JobCall>("/jobs/:jobId/job-document", ({ params: { jobId }, query: { beforeSubstitution } }) => {
		const { document, documentText } = findJob(service, jobId);
		const isOriginal = beforeSubstitution === "true" && documentText !== undefined;
		return { document: isOriginal ? documentText : JSON.stringify(document) };
	});

	server.patch<JobCall>("/jobs/:jobId", ({ params: { jobId }, body }) => {
		findJob(service, jobId);
		const description = optionalText("description", body?.description, 2_028);
		throwIfRejected(service.updateJob(jobId, { ...readConfig(body ?? {}), description }));
		return {};
	});

	server.post<JobCall>("/jobs/:jobId/targets", ({ params: { jobId }, body }) => {
		const { description } = findJob(service, jobId);
		const targets = readTargets(body?.targets, options.registry);
		throwIfRejected(service.associateTargets(jobId, targets, optionalText("comment", body?.comment, 2_028)));
		return { jobArn: jobArn(jobId), jobId, description };
	});

	server.put<JobCall>("/jobs/:jobId/cancel", ({ params: { jobId }, query, body }) => {
		const { description } = findJob(service, jobId);
		const comment = optionalText("comment", body?.comment, 2_028);
		const reasonCode = optionalText("reasonCode", body?.reasonCode, 128);
		throwIfRejected(service.cancelJob(jobId, { force: query.force === "true", comment, reasonCode }));
		return { jobArn: jobArn(jobId), jobId, description };
	});

	server.delete<JobCall>("/jobs/:jobId", ({ params: { jobId }, query }) => {
		findJob(service, jobId);
		throwIfRejected(service.deleteJob(jobId, query.force === "true"));
		tags.forget(jobArn(jobId));
		return {};
	});
}

/** @throws ApiError */
export function findJob(service: JobsService, jobId: string): Job {
	const job = service.job(jobId);
	if (job === undefined) throw notFound(`Job ${jobId} does not exist`);
	return job;
}

function createJob(options: JobRoutesOptions, jobId: string, body: Record<string, unknown>) {
	const { service, registry, documents, tags, clock } = options;
	if (!/^[a-zA-Z0-9_-]{1,64}$/.test(jobId)) throw invalidRequest("jobId: 1 to 64 of a-z A-Z 0-9 _ -");
	if (service.job(jobId) !== undefined) {
		throw new ApiError(409, "ResourceAlreadyExistsException", `Job ${jobId} already exists`);
	}
	const template = documents.template(body.jobTemplateArn);
	const targets = readTargets(body.targets, registry);
	const targetSelection = oneOf("targetSelection", body.targetSelection ?? "SNAPSHOT", ["SNAPSHOT", "CONTINUOUS"]);
	const isContinuous = targetSelection === "CONTINUOUS";
	if (isContinuous && targets.length > 100) throw new ApiError(410, "LimitExceededException", "targets: at most 100");
	const config = Object.fromEntries(Object.entries(readConfig(body)).filter(DEFINED)) as JobConfig;
	const parameters = readParameters(body.documentParameters);
	const source = documents.source(body, template);
	const empty = Object.fromEntries((template?.optionalParameters ?? []).map((name) => [name, ""]));
	const description = optionalText("description", body.description, 2_028) ?? template?.description;
	const read = tags.read(body.tags);
	service.createJob({
		...template?.config,
		...config,
		jobId,
		targets,
		targetSelection,
		document: readDocument(source.text, { ...empty, ...parameters }),
		documentText: source.text,
		documentSource: source.documentSource,
		documentParameters: parameters,
		jobTemplateArn: template?.jobTemplateArn,
		description,
		scheduling: readScheduling(body.schedulingConfig, isContinuous, clock.now()),
	});
	tags.set(jobArn(jobId), read);
	return { jobArn: jobArn(jobId), jobId, description };
}

/** ARNs of things and groups that exist. @throws ApiError */
function readTargets(targets: unknown, registry: Registry): string[] {
	if (!Array.isArray(targets) || targets.length === 0)
		throw invalidRequest("targets: at least one ARN of a thing or a thing group");
	for (const target of targets) {
		const parsed = parseTarget(String(target));
		if (parsed === undefined)
			throw invalidRequest(`targets: ${String(target)} is not the ARN of a thing or a thing group`);
		if (parsed.kind === "thing") registry.thing(parsed.name);
		else registry.group(parsed.name);
	}
	return targets as string[];
}

function readParameters(value: unknown): Record<string, string> | undefined {
	const parameters = optionalObject("documentParameters", value);
	if (parameters === undefined) return undefined;
	for (const [name, text] of Object.entries(parameters)) {
		if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(name))
			throw invalidRequest(`documentParameters: the name ${JSON.stringify(name)}`);
		if (typeof text !== "string" || text.length > 30_720) throw invalidRequest(`documentParameters.${name}: a text`);
	}
	return object("documentParameters", value) as Record<string, string>;
}

/** In the control plane times are fractional seconds; a member without a value is absent. */
export function describeJob(job: Job, now: number) {
	const { createdAt, lastUpdatedAt, completedAt, scheduling, status, forceCanceled } = job;
	return {
		jobArn: jobArn(job.jobId),
		jobId: job.jobId,
		targetSelection: job.targetSelection,
		status,
		...(status === "CANCELED" && { forceCanceled }),
		reasonCode: job.reasonCode,
		comment: job.comment,
		targets: job.targets,
		description: job.description,
		presignedUrlConfig: job.presignedUrlConfig,
		jobExecutionsRolloutConfig: job.jobExecutionsRolloutConfig,
		abortConfig: job.abortConfig,
		createdAt: createdAt / 1_000,
		lastUpdatedAt: lastUpdatedAt / 1_000,
		completedAt: completedAt === undefined ? undefined : completedAt / 1_000,
		jobProcessDetails: { processingTargets: isRollingOut(job) ? job.targets : undefined, ...jobProcessDetails(job) },
		timeoutConfig: job.timeoutConfig,
		jobExecutionsRetryConfig: job.jobExecutionsRetryConfig,
		documentParameters: job.documentParameters,
		jobTemplateArn: job.jobTemplateArn,
		isConcurrent: isRollingOut(job),
		...(scheduling && describeScheduling(scheduling, now)),
	};
}

function describeScheduling({ startTime, endTime, endBehavior, maintenanceWindows }: Scheduling, now: number) {
	const rollouts = nextWindows(maintenanceWindows, now, LISTED_WINDOWS).map((time) => ({ startTime: textOf(time) }));
	return {
		schedulingConfig: {
			startTime: textOf(startTime),
			endTime: textOf(endTime),
			endBehavior,
			maintenanceWindows: maintenanceWindows.length > 0 ? maintenanceWindows : undefined,
		},
		scheduledJobRollouts: rollouts.length > 0 ? rollouts : undefined,
	};
}

function textOf(time: number | undefined): string | undefined {
	return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16).replace("T", " ");
}
