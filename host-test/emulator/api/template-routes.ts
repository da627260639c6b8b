import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { jobArn, templateArn } from "../base/arn.js";
import { invalidRequest, notFound } from "../base/errors.js";
import { MAX_DESCRIPTION_LENGTH } from "../base/limits.js";
import type { JobConfig } from "../jobs/job-config.js";
import { hasParameters, readDocument, textOf } from "../jobs/job-document.js";
import type { JobsService } from "../jobs/service.js";
import { MANAGED_TEMPLATES, type ManagedTemplate, managedArn } from "../registry/managed-templates.js";
import type { Tags } from "../registry/tags.js";
import type { OwnTemplate } from "../registry/templates.js";
import { type DocumentSources, readSource } from "./create-job.js";
import { NO_BODY } from "./empty-bodies.js";
import { findJob } from "./job-routes.js";
import { type Body, optionalText, text } from "./members.js";
import { type PageQuery, paginate } from "./pagination.js";
import { readJobConfig } from "./read-job-config.js";
import { readWindows } from "./read-scheduling.js";
import { readTags } from "./read-tags.js";

export interface TemplateRoutesOptions extends DocumentSources {
	readonly service: JobsService;
	readonly tags: Tags;
	readonly clock: Clock;
}

/** Create-, Describe-, List- and DeleteJobTemplate. */
export function templateRoutes(server: FastifyInstance, options: TemplateRoutesOptions): void {
	const { templates, tags } = options;
	type Call = { Params: { id: string }; Body: Body | null };
	server.put<Call>("/job-templates/:id", ({ params: { id }, body }) => {
		templates.checkNew(id);
		const template = readTemplate(id, body ?? {}, options);
		const tagList = readTags(body?.tags);
		tags.create(template.jobTemplateArn, tagList, () => templates.put(template));
		return { jobTemplateArn: template.jobTemplateArn, jobTemplateId: id };
	});
	server.get<Call>("/job-templates/:id", ({ params: { id } }) => {
		const { config, createdAt, ...template } = templates.get(id);
		return { ...template, ...config, createdAt: createdAt / 1_000 };
	});
	server.delete<Call>("/job-templates/:id", ({ params: { id } }) => {
		const { jobTemplateArn } = templates.get(id);
		templates.delete(id);
		tags.remove(jobTemplateArn);
		return NO_BODY;
	});
	server.get<{ Querystring: PageQuery }>("/job-templates", ({ query }) => {
		const { items, nextToken } = paginate(templates.list().reverse(), query, ({ jobTemplateId }) => jobTemplateId);
		return {
			jobTemplates: items.map(({ jobTemplateArn, jobTemplateId, description, createdAt }) => ({
				...{ jobTemplateArn, jobTemplateId, description, createdAt: createdAt / 1_000 },
			})),
			nextToken,
		};
	});
}

/** Describe- and ListManagedJobTemplate. */
export function managedTemplateRoutes(server: FastifyInstance): void {
	server.get<{ Querystring: PageQuery & { templateName?: string } }>("/managed-job-templates", ({ query }) => {
		const all = MANAGED_TEMPLATES.filter(({ templateName }) => (query.templateName ?? templateName) === templateName);
		const { items, nextToken } = paginate(all, query, managedArn);
		return { managedJobTemplates: items.map(managedSummary), nextToken };
	});
	server.get<{ Params: { name: string }; Querystring: { templateVersion?: string } }>(
		"/managed-job-templates/:name",
		({ params: { name }, query }) => {
			const found = MANAGED_TEMPLATES.find(
				({ templateName, templateVersion }) =>
					templateName === name && (query.templateVersion ?? templateVersion) === templateVersion,
			);
			if (found === undefined) throw notFound(`There is no managed template ${name}`);
			const { document, documentParameters } = found;
			return { ...managedSummary(found), document, documentParameters };
		},
	);
}

/** The body of CreateJobTemplate. @throws ServiceError */
function readTemplate(id: string, body: Body, { service, objects, clock }: TemplateRoutesOptions): OwnTemplate {
	const { jobArn: arn } = body;
	const description = optionalText("description", body.description, MAX_DESCRIPTION_LENGTH);
	if (description === undefined) throw invalidRequest("description: a template has one");
	const ofJob = arn === undefined ? undefined : fromJob(service, text("jobArn", arn));
	const source = ofJob ?? readSource(body, objects);
	// A document with parameters can be read only with the values that a job gives.
	if (!hasParameters(source.text)) readDocument(source.text);
	return {
		...{ jobTemplateId: id, jobTemplateArn: templateArn(id), description },
		...{ document: source.text, documentSource: source.documentSource },
		config: { ...ofJob?.config, ...readJobConfig(body) },
		maintenanceWindows: readWindows("maintenanceWindows", body.maintenanceWindows) ?? ofJob?.maintenanceWindows,
		createdAt: clock.now(),
	};
}

function fromJob(service: JobsService, arn: string) {
	if (!arn.startsWith(jobArn(""))) throw invalidRequest(`jobArn: ${arn} is not the ARN of a job`);
	const job = findJob(service, arn.slice(jobArn("").length));
	const { presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig } = job;
	const config: JobConfig = {
		...{ presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig },
	};
	const { documentSource, scheduling } = job;
	const windows = scheduling?.maintenanceWindows ?? [];
	const maintenanceWindows = windows.length > 0 ? windows : undefined;
	return { text: job.originalText ?? textOf(job), documentSource, config, maintenanceWindows };
}

function managedSummary(template: ManagedTemplate) {
	const { templateName, templateVersion, description } = template;
	return { templateName, templateArn: managedArn(template), description, templateVersion, environments: ["LINUX"] };
}
