import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { jobArn } from "../base/arn.js";
import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import { MAX_DESCRIPTION_LENGTH } from "../base/limits.js";
import { JOB_ID } from "../base/names.js";
import type { Job } from "../jobs/job.js";
import { textOf } from "../jobs/job-document.js";
import type { JobsService } from "../jobs/service.js";
import type { Tags } from "../registry/tags.js";
import { type DocumentSources, readNewJob, readTargetArns } from "./create-job.js";
import { describeJob } from "./describe-job.js";
import { NO_BODY } from "./empty-bodies.js";
import { throwIfRejected } from "./errors.js";
import { type Body, optionalText } from "./members.js";
import { readJobConfig } from "./read-job-config.js";
import { readTags } from "./read-tags.js";

export interface JobRoutesOptions extends DocumentSources {
	readonly service: JobsService;
	readonly tags: Tags;
	readonly clock: Clock;
}

interface JobCall {
	Params: { jobId: string };
	Body: Body | null;
	Querystring: { force?: string; beforeSubstitution?: string };
}

/** Source: AWS IoT API reference, CancelJob: [\p{Upper}\p{Digit}_]+ */
const REASON_CODE = /^[A-Z0-9_]{1,128}$/;

/** CreateJob, DescribeJob, GetJobDocument, UpdateJob, AssociateTargetsWithJob, CancelJob, DeleteJob. */
export function jobRoutes(server: FastifyInstance, options: JobRoutesOptions): void {
	const { service, clock, tags } = options;
	const readComment = (body: Body | null) => optionalText("comment", body?.comment, MAX_DESCRIPTION_LENGTH);

	server.put<JobCall>("/jobs/:jobId", ({ params: { jobId }, body }) => {
		const newJob = readNewJob(jobId, body ?? {}, options, clock.now());
		const tagList = readTags(body?.tags);
		JOB_ID.check("jobId", jobId);
		if (service.job(jobId) !== undefined)
			throw new ServiceError("ResourceAlreadyExists", `Job ${jobId} already exists`);
		const { description } = tags.create(jobArn(jobId), tagList, () => service.createJob(newJob));
		return { jobArn: jobArn(jobId), jobId, description };
	});

	server.get<JobCall>("/jobs/:jobId", ({ params: { jobId } }) => {
		const job = findJob(service, jobId);
		return { documentSource: job.documentSource, job: describeJob(job, clock.now()) };
	});

	server.get<JobCall>("/jobs/:jobId/job-document", ({ params: { jobId }, query: { beforeSubstitution } }) => {
		const job = findJob(service, jobId);
		return { document: (beforeSubstitution === "true" ? job.originalText : undefined) ?? textOf(job) };
	});

	server.patch<JobCall>("/jobs/:jobId", ({ params: { jobId }, body }) => {
		findJob(service, jobId);
		const description = optionalText("description", body?.description, MAX_DESCRIPTION_LENGTH);
		throwIfRejected(service.updateJob(jobId, { ...readJobConfig(body ?? {}), description }));
		return NO_BODY;
	});

	server.post<JobCall>("/jobs/:jobId/targets", ({ params: { jobId }, body }) => {
		const { description } = findJob(service, jobId);
		throwIfRejected(service.associateTargets(jobId, readTargetArns(body?.targets), readComment(body)));
		return { jobArn: jobArn(jobId), jobId, description };
	});

	server.put<JobCall>("/jobs/:jobId/cancel", ({ params: { jobId }, query, body }) => {
		const { description } = findJob(service, jobId);
		const comment = readComment(body);
		const reasonCode = readReasonCode(body?.reasonCode);
		throwIfRejected(service.cancelJob(jobId, { force: query.force === "true", comment, reasonCode }));
		return { jobArn: jobArn(jobId), jobId, description };
	});

	server.delete<JobCall>("/jobs/:jobId", ({ params: { jobId }, query }) => {
		findJob(service, jobId);
		throwIfRejected(service.deleteJob(jobId, query.force === "true"));
		tags.remove(jobArn(jobId));
		return NO_BODY;
	});
}

function readReasonCode(value: unknown): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value === "string" && REASON_CODE.test(value)) return value;
	throw invalidRequest("reasonCode: 1 to 128 of A-Z 0-9 _");
}

/** @throws ServiceError */
export function findJob(service: JobsService, jobId: string): Job {
	JOB_ID.check("jobId", jobId);
	const job = service.job(jobId);
	if (job === undefined) throw notFound(`Job ${jobId} does not exist`);
	return job;
}
