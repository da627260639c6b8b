import type { JobDocument } from "../../../src/protocol/messages.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DOCUMENT_LENGTH } from "../base/limits.js";

const PARAMETER = /\$\{aws:iot:parameter:([^}]*)\}/g;

/** Whether a document's text is complete only with values that the job gives. */
export function hasParameters(text: string): boolean {
	return text.search(PARAMETER) >= 0;
}

/**
 * A job document from its text, each `${aws:iot:parameter:NAME}` replaced by the parameter's value.
 *
 * @throws ServiceError when a parameter is missing, the text is too long, or no JSON object
 */
export function readDocument(text: string, parameters: Readonly<Record<string, string>> = {}): JobDocument {
	const replaced = text.replace(PARAMETER, (_, name: string) => {
		const value = parameters[name];
		if (value === undefined) throw invalidRequest(`documentParameters: the document asks for ${JSON.stringify(name)}`);
		return JSON.stringify(value).slice(1, -1); // without its quotes: it stands within a string of JSON
	});
	checkDocumentLength(replaced);
	let document: unknown;
	try {
		document = JSON.parse(replaced);
	} catch (error) {
		throw invalidRequest(`document: not JSON: ${(error as Error).message}`);
	}
	if (typeof document === "object" && document !== null && !Array.isArray(document)) return document as JobDocument;
	throw invalidRequest("document: not a JSON object");
}

/** @throws ServiceError */
export function checkDocumentLength(text: string): void {
	if (text.length > MAX_DOCUMENT_LENGTH) throw invalidRequest(`document: at most ${MAX_DOCUMENT_LENGTH} characters`);
}
