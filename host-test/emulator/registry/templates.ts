import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { ApiError, invalidRequest, notFound } from "../api/errors.js";
import { findJob } from "../api/job-routes.js";
import { type PageQuery, paginate } from "../api/pagination.js";
import { type JobConfig, readConfig } from "../jobs/job-config.js";
import { type Documents, readDocument, type Template } from "../jobs/job-document.js";
import type { JobsService } from "../jobs/service.js";
import type { Store } from "../store/store.js";
import { jobArn, templateArn } from "./arn.js";
import type { Tags } from "./tags.js";

interface OwnTemplate extends Template {
	readonly jobTemplateId: string;
	readonly createdAt: number;
}

interface ManagedTemplate {
	readonly templateName: string;
	readonly templateVersion: string;
	readonly description: string;
	readonly document: string;
	readonly documentParameters: readonly { key: string; description: string; example: string; optional: boolean }[];
}

const managedArn = ({ templateName, templateVersion }: ManagedTemplate) =>
	`arn:aws:iot:us-east-1::jobtemplate/${templateName}:${templateVersion}`;

/** Those of AWS's managed templates whose action a microcontroller can do. */
const MANAGED: readonly ManagedTemplate[] = [
	{
		templateName: "AWS-Reboot",
		templateVersion: "1.0",
		description: "A managed job template for rebooting a device.",
		// biome-ignore-start lint/suspicious/noTemplateCurlyInString: AWS's parameters
		document: JSON.stringify({
			version: "1.0",
			steps: [
				{
					action: {
						name: "Reboot",
						type: "runHandler",
						input: { handler: "reboot.sh", path: "${aws:iot:parameter:pathToHandler}" },
						runAsUser: "${aws:iot:parameter:runAsUser}",
					},
				},
			],
		}),
		// biome-ignore-end lint/suspicious/noTemplateCurlyInString: only those
		documentParameters: [
			{
				key: "pathToHandler",
				description: "Where the handler is.",
				example: "/default/path/to/handler",
				optional: true,
			},
			{ key: "runAsUser", description: "The user that runs it.", example: "user1", optional: true },
		],
	},
];

/** Job templates, the operator's own and AWS's managed ones. */
export class Templates {
	readonly #store: Store | undefined;
	readonly #templates = new Map<string, OwnTemplate>();

	constructor(store: Store | undefined) {
		this.#store = store;
		for (const template of store?.all<OwnTemplate>("template") ?? [])
			this.#templates.set(template.jobTemplateId, template);
	}

	has(id: string): boolean {
		return this.#templates.has(id);
	}

	/** @param arn of an own template, or of a managed one with its version */
	find(arn: string): Template | undefined {
		const own = [...this.#templates.values()].find(({ jobTemplateArn }) => jobTemplateArn === arn);
		if (own !== undefined) return own;
		const managed = MANAGED.find((template) => managedArn(template) === arn);
		return managed && { jobTemplateArn: arn, documentSource: undefined, config: {}, ...optionalParameters(managed) };
	}

	/** Create-, Describe-, List- and DeleteJobTemplate; Describe- and ListManagedJobTemplate. */
	routes(server: FastifyInstance, service: JobsService, documents: Documents, tags: Tags, clock: Clock): void {
		type Call = { Params: { id: string }; Body: Record<string, unknown> | null };
		server.put<Call>("/job-templates/:id", ({ params: { id }, body }) => {
			const template = this.#read(id, body ?? {}, service, documents, clock);
			const read = tags.read(body?.tags);
			this.#templates.set(id, template);
			this.#store?.put(["template", id], template);
			tags.set(template.jobTemplateArn, read);
			return { jobTemplateArn: template.jobTemplateArn, jobTemplateId: id };
		});
		server.get<Call>("/job-templates/:id", ({ params: { id } }) => {
			const { config, createdAt, ...template } = this.#template(id);
			return { ...template, ...config, createdAt: createdAt / 1_000 };
		});
		server.delete<Call>("/job-templates/:id", ({ params: { id } }) => {
			const { jobTemplateArn } = this.#template(id);
			this.#templates.delete(id);
			this.#store?.remove(["template", id]);
			tags.forget(jobTemplateArn);
			return {};
		});
		server.get<{ Querystring: PageQuery }>("/job-templates", ({ query }) => {
			const all = [...this.#templates.values()].reverse();
			const { items, nextToken } = paginate(all, query, ({ jobTemplateId }) => jobTemplateId);
			return {
				jobTemplates: items.map(({ jobTemplateArn, jobTemplateId, description, createdAt }) => ({
					...{ jobTemplateArn, jobTemplateId, description, createdAt: createdAt / 1_000 },
				})),
				nextToken,
			};
		});
		server.get<{ Querystring: PageQuery & { templateName?: string } }>("/managed-job-templates", ({ query }) => {
			const all = MANAGED.filter(({ templateName }) => (query.templateName ?? templateName) === templateName);
			const { items, nextToken } = paginate(all, query, managedArn);
			return { managedJobTemplates: items.map(managedSummary), nextToken };
		});
		server.get<{ Params: { name: string }; Querystring: { templateVersion?: string } }>(
			"/managed-job-templates/:name",
			({ params: { name }, query: { templateVersion } }) => {
				const found = MANAGED.find(
					(template) =>
						template.templateName === name &&
						(templateVersion ?? template.templateVersion) === template.templateVersion,
				);
				if (found === undefined) throw notFound(`There is no managed template ${name}`);
				const { document, documentParameters } = found;
				return { ...managedSummary(found), document, documentParameters };
			},
		);
	}

	#template(id: string): OwnTemplate {
		const template = this.#templates.get(id);
		if (template === undefined) throw notFound(`Job template ${id} does not exist`);
		return template;
	}

	#read(
		id: string,
		body: Record<string, unknown>,
		service: JobsService,
		documents: Documents,
		clock: Clock,
	): OwnTemplate {
		if (!/^[a-zA-Z0-9_-]{1,64}$/.test(id)) throw invalidRequest("jobTemplateId: 1 to 64 of a-z A-Z 0-9 _ -");
		if (this.#templates.has(id)) throw new ApiError(409, "ConflictException", `Job template ${id} already exists`);
		const { description, jobArn: arn } = body;
		if (typeof description !== "string" || description.length > 2_028) {
			throw invalidRequest("description: at most 2028 characters");
		}
		const ofJob = arn === undefined ? undefined : fromJob(service, String(arn));
		const { text, documentSource } = ofJob ?? documents.source(body);
		// A template of a document with parameters gets their values with the job.
		if (!text.includes("${aws:iot:parameter:")) readDocument(text);
		const config = Object.fromEntries(Object.entries(readConfig(body)).filter(([, value]) => value !== undefined));
		return {
			...{ jobTemplateId: id, jobTemplateArn: templateArn(id), description, document: text, documentSource },
			config: { ...ofJob?.config, ...config },
			createdAt: clock.now(),
		};
	}
}

function fromJob(service: JobsService, arn: string) {
	const jobId = arn.slice(jobArn("").length);
	if (!arn.startsWith(jobArn(""))) throw invalidRequest(`jobArn: ${arn} is not the ARN of a job`);
	const job = findJob(service, jobId);
	const { presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig } = job;
	const config: JobConfig = {
		...{ presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig },
	};
	return { text: job.documentText ?? JSON.stringify(job.document), documentSource: job.documentSource, config };
}

/** What is optional may be left out: it is then empty in the document. */
function optionalParameters({ document, documentParameters, description }: ManagedTemplate) {
	const optional = documentParameters.filter((parameter) => parameter.optional).map(({ key }) => key);
	return { description, document, optionalParameters: optional };
}

function managedSummary(template: ManagedTemplate) {
	const { templateName, templateVersion, description } = template;
	return { templateName, templateArn: managedArn(template), description, templateVersion, environments: ["LINUX"] };
}
