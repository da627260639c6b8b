import type { JobDocument } from "../../../src/protocol/messages.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DOCUMENT_LENGTH } from "../base/limits.js";
import type { JobOptions } from "./job.js";

const PARAMETER = /\$\{aws:iot:parameter:([^}]*)\}/g;

/** Whether a document's text is complete only with values that the job gives. */
export function hasParameters(text: string): boolean {
	return text.search(PARAMETER) >= 0;
}

/** A document's text, each `${aws:iot:parameter:NAME}` replaced by the parameter's value. @throws ServiceError when one is missing */
export function withParameters(text: string, parameters: Readonly<Record<string, string>>): string {
	return text.replace(PARAMETER, (_, name: string) => {
		const value = parameters[name];
		if (value === undefined) throw invalidRequest(`documentParameters: the document asks for ${JSON.stringify(name)}`);
		return JSON.stringify(value).slice(1, -1); // without its quotes: it stands within a string of JSON
	});
}

/** A job document from its text. @throws ServiceError when the text is too long, or no JSON object */
export function readDocument(text: string): JobDocument {
	checkDocumentLength(text);
	let document: unknown;
	try {
		document = JSON.parse(text);
	} catch (error) {
		throw invalidRequest(`document: not JSON: ${(error as Error).message}`);
	}
	if (typeof document === "object" && document !== null && !Array.isArray(document)) return document as JobDocument;
	throw invalidRequest("document: not a JSON object");
}

/** The text of a job's document: as it came, where it came as text. */
export function textOf({ document, documentText }: Pick<JobOptions, "document" | "documentText">): string {
	return documentText ?? JSON.stringify(document);
}

/** @throws ServiceError */
export function checkDocumentLength(text: string): void {
	if (text.length > MAX_DOCUMENT_LENGTH) throw invalidRequest(`document: at most ${MAX_DOCUMENT_LENGTH} characters`);
}
