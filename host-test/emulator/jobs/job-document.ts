import type { JobDocument } from "../../../src/protocol/messages.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DOCUMENT_DEPTH, MAX_DOCUMENT_LENGTH } from "../base/limits.js";
import type { JobOptions } from "./job.js";
import { presignedUrlsOf } from "./presigned.js";

const PARAMETER = /\$\{aws:iot:parameter:([^}]*)\}/g;

/** Whether a document's text is complete only with values that the job gives. */
export function hasParameters(text: string): boolean {
	return text.search(PARAMETER) >= 0;
}

/** A document's text, each `${aws:iot:parameter:NAME}` replaced by the parameter's value. @throws ServiceError when one is missing */
export function withParameters(text: string, parameters: Readonly<Record<string, string>>): string {
	return text.replace(PARAMETER, (_, name: string) => {
		const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
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
	return checkDocument(document);
}

/** Refuses what could not be carried out when a device asks for it. @throws ServiceError */
export function checkDocument(document: unknown): JobDocument {
	if (typeof document !== "object" || document === null || Array.isArray(document)) {
		throw invalidRequest("document: not a JSON object");
	}
	checkValue(document, MAX_DOCUMENT_DEPTH);
	return document as JobDocument;
}

function checkValue(value: unknown, levels: number): void {
	if (typeof value === "string") {
		const wrong = presignedUrlsOf(value).find((url) => !URL.canParse(url) || new URL(url).protocol !== "https:");
		if (wrong !== undefined) throw invalidRequest(`document: ${JSON.stringify(wrong)} is no URL of an object in S3`);
	} else if (typeof value === "object" && value !== null) {
		if (levels === 0) throw invalidRequest(`document: nested more than ${MAX_DOCUMENT_DEPTH} deep`);
		for (const member of Array.isArray(value) ? value : Object.entries(value).flat()) checkValue(member, levels - 1);
	}
}

/** The text of a job's document: as it came, where it came as text. */
export function textOf({ document, documentText }: Pick<JobOptions, "document" | "documentText">): string {
	return documentText ?? JSON.stringify(document);
}

/** @throws ServiceError */
export function checkDocumentLength(text: string): void {
	if (text.length > MAX_DOCUMENT_LENGTH) throw invalidRequest(`document: at most ${MAX_DOCUMENT_LENGTH} characters`);
}
