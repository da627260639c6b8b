import { parseTarget } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DESCRIPTION_LENGTH } from "../base/limits.js";
import { PARAMETER_NAME } from "../base/names.js";
import type { Milliseconds } from "../base/time.js";
import { TARGET_SELECTIONS } from "../jobs/job.js";
import { readDocument, withParameters } from "../jobs/job-document.js";
import type { NewJob } from "../jobs/new-job.js";
import type { Objects } from "../registry/objects.js";
import type { Template, Templates } from "../registry/templates.js";
import { type Body, oneOf, optionalObject, optionalText, text } from "./members.js";
import { readJobConfig } from "./read-job-config.js";
import { readScheduling } from "./read-scheduling.js";

const HTTP_URL = /^https?:\/\/.+\/.+/;
/** Source: AWS IoT API reference, CreateJob. */
const MAX_SOURCE_LENGTH = 1_350;
const MAX_PARAMETER_LENGTH = 30_720;

/** Where a job's document and its defaults may come from. */
export interface DocumentSources {
	readonly objects: Objects;
	readonly templates: Templates;
}

/** The body of CreateJob as the service takes it, with what its template says. @throws ServiceError */
export function readNewJob(jobId: string, body: Body, sources: DocumentSources, now: Milliseconds): NewJob {
	const template =
		body.jobTemplateArn === undefined
			? undefined
			: sources.templates.byArn(text("jobTemplateArn", body.jobTemplateArn));
	const targets = readTargetArns(body.targets);
	const targetSelection = oneOf("targetSelection", body.targetSelection ?? "SNAPSHOT", TARGET_SELECTIONS);
	const config = readJobConfig(body);
	const parameters = readParameters(body.documentParameters);
	const hasOwnDocument = body.document !== undefined || body.documentSource !== undefined;
	if (parameters !== undefined && (hasOwnDocument || template?.optionalParameters === undefined)) {
		throw invalidRequest("documentParameters: only with a managed template of AWS");
	}
	const source = readSource(body, sources.objects, template);
	const empty = Object.fromEntries((template?.optionalParameters ?? []).map((name) => [name, ""]));
	const documentText = withParameters(source.text, { ...empty, ...parameters });
	return {
		...template?.config,
		...config,
		jobId,
		targets,
		targetSelection,
		document: readDocument(documentText),
		documentText,
		originalText: source.text === documentText ? undefined : source.text,
		documentSource: source.documentSource,
		documentParameters: parameters,
		jobTemplateArn: template?.jobTemplateArn,
		description: optionalText("description", body.description, MAX_DESCRIPTION_LENGTH),
		scheduling: readScheduling(
			body.schedulingConfig,
			targetSelection === "CONTINUOUS",
			now,
			template?.maintenanceWindows,
		),
	};
}

/** Whether they exist is for the service to say. @throws ServiceError when they are not ARNs of things and groups */
export function readTargetArns(targets: unknown): string[] {
	if (!Array.isArray(targets) || targets.length === 0) {
		throw invalidRequest("targets: at least one ARN of a thing or a thing group");
	}
	return targets.map((target: unknown) => {
		const arn = text("targets: each", target);
		if (parseTarget(arn) === undefined) {
			throw invalidRequest(`targets: ${arn} is not the ARN of a thing or a thing group of this account and region`);
		}
		return arn;
	});
}

/**
 * The text of a job document, which is in the request, in an object that the request names, or in the template.
 *
 * @throws ServiceError
 */
export function readSource(
	{ document, documentSource }: Body,
	objects: Objects,
	template?: Template,
): { readonly text: string; readonly documentSource: string | undefined } {
	if (document !== undefined && documentSource !== undefined) {
		throw invalidRequest("document and documentSource: only one of them");
	}
	if (documentSource !== undefined) {
		return { text: readObject(documentSource, objects), documentSource: text("documentSource", documentSource) };
	}
	if (document === undefined && template !== undefined) {
		return { text: template.document, documentSource: template.documentSource };
	}
	if (typeof document !== "string") throw invalidRequest("document or documentSource: the job document");
	return { text: document, documentSource: undefined };
}

function readObject(source: unknown, objects: Objects): string {
	if (typeof source !== "string" || !HTTP_URL.test(source) || source.length > MAX_SOURCE_LENGTH) {
		throw invalidRequest("documentSource: the URL of an object");
	}
	const bytes = objects.read(new URL(source).pathname);
	if (bytes === undefined) {
		throw invalidRequest(`documentSource: there is no object ${source}: put it into ${objects.directory}`);
	}
	return bytes.toString();
}

function readParameters(value: unknown): Record<string, string> | undefined {
	const parameters = optionalObject("documentParameters", value);
	if (parameters === undefined) return undefined;
	for (const [name, value] of Object.entries(parameters)) {
		PARAMETER_NAME.check(`documentParameters: the name ${JSON.stringify(name)}`, name);
		if (typeof value !== "string" || value.length > MAX_PARAMETER_LENGTH) {
			throw invalidRequest(`documentParameters.${name}: at most ${MAX_PARAMETER_LENGTH} characters`);
		}
	}
	return parameters as Record<string, string>;
}
