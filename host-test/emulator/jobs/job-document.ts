import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JobDocument } from "../../../src/protocol/messages.js";
import { invalidRequest } from "../api/errors.js";
import { objectName } from "../registry/streams.js";
import type { JobConfig } from "./job-config.js";
import { MAX_DOCUMENT_LENGTH } from "./service.js";

/** What a job takes from its template, unless the operator says something else. */
export interface Template {
	readonly jobTemplateArn: string;
	readonly description: string;
	/** The document's text. */
	readonly document: string;
	readonly documentSource: string | undefined;
	readonly config: JobConfig;
	/** Names of parameters that are empty where a job does not say them. */
	readonly optionalParameters?: readonly string[] | undefined;
}

const PARAMETER = /\$\{aws:iot:parameter:([^}]*)\}/g;
const HTTPS = /^https?:\/\/.+\/.+/;

/** Where the text of a job document comes from: the request, an object that the emulator serves, or a template. */
export class Documents {
	readonly #directory: string;
	readonly #templates: (arn: string) => Template | undefined;

	/** @param directory where the objects of all buckets are */
	constructor(directory: string, templates: (arn: string) => Template | undefined) {
		this.#directory = directory;
		this.#templates = templates;
	}

	/** @throws ApiError */
	template(arn: unknown): Template | undefined {
		if (arn === undefined) return undefined;
		const template = typeof arn === "string" ? this.#templates(arn) : undefined;
		if (template === undefined) throw invalidRequest(`jobTemplateArn: there is no template ${String(arn)}`);
		return template;
	}

	/** @throws ApiError */
	source(
		{ document, documentSource }: Readonly<Record<string, unknown>>,
		template?: Template,
	): { text: string; documentSource: string | undefined } {
		if (document !== undefined && documentSource !== undefined) {
			throw invalidRequest("document and documentSource: only one of them");
		}
		if (documentSource !== undefined)
			return { text: this.#read(documentSource), documentSource: String(documentSource) };
		if (document === undefined && template !== undefined) {
			return { text: template.document, documentSource: template.documentSource };
		}
		if (typeof document !== "string") throw invalidRequest("document or documentSource: the job document");
		return { text: document, documentSource: undefined };
	}

	#read(source: unknown): string {
		if (typeof source !== "string" || !HTTPS.test(source) || source.length > 1_350) {
			throw invalidRequest("documentSource: the URL of an object");
		}
		const path = join(this.#directory, objectName(new URL(source).pathname));
		if (!existsSync(path))
			throw invalidRequest(`documentSource: there is no object ${source}: put it into ${this.#directory}`);
		return readFileSync(path, "utf8");
	}
}

/** The document as devices get it, its parameters replaced. @throws ApiError */
export function readDocument(text: string, parameters: Readonly<Record<string, string>> = {}): JobDocument {
	const replaced = text.replace(PARAMETER, (_, name: string) => {
		const value = parameters[name];
		if (value === undefined) throw invalidRequest(`documentParameters: the document asks for ${JSON.stringify(name)}`);
		return JSON.stringify(value).slice(1, -1); // within a text of JSON
	});
	if (replaced.length > MAX_DOCUMENT_LENGTH)
		throw invalidRequest(`document: at most ${MAX_DOCUMENT_LENGTH} characters`);
	let document: unknown;
	try {
		document = JSON.parse(replaced);
	} catch (error) {
		throw invalidRequest(`document: not JSON: ${(error as Error).message}`);
	}
	if (typeof document === "object" && document !== null && !Array.isArray(document)) return document as JobDocument;
	throw invalidRequest("document: not a JSON object");
}
