import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { packageRoot } from "../../package-root.js";

/** The job documents of the built-in operations: each with its type, and the file in src/handlers/ that declares the type. */
export const DOCUMENT_TYPES = [
	{ operation: "reboot", type: "RebootDocument", file: "reboot" },
	{ operation: "AWS-Reboot", type: "ManagedRebootDocument", file: "reboot" },
	{ operation: "ota", type: "OtaDocument", file: "ota/document" },
	{ operation: "afr_ota", type: "AfrOtaDocument", file: "ota/document" },
	{ operation: "file", type: "FileDocument", file: "file" },
	{ operation: "config", type: "ConfigDocument", file: "config" },
	{ operation: "rotate-certificate", type: "RotateCertificateDocument", file: "rotate-certificate" },
	{ operation: "diagnostics", type: "DiagnosticsDocument", file: "diagnostics" },
	{ operation: "erase", type: "EraseDocument", file: "erase" },
] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** What is wrong with a document, and the path to the place. */
export interface DocumentProblem {
	readonly path: readonly string[];
	readonly message: string;
}

const ajv = new Ajv({ allErrors: true, strict: false, strictNumbers: true });
const validators = new Map<string, ValidateFunction>();

/** @returns undefined when the document is for no built-in operation */
export function documentTypeOf(document: unknown): DocumentType | undefined {
	if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
	const { operation, steps, afr_ota } = document as Record<string, unknown>;
	const name = operation ?? (afr_ota !== undefined ? "afr_ota" : steps !== undefined ? "AWS-Reboot" : undefined);
	return DOCUMENT_TYPES.find((type) => type.operation === name);
}

export function problemsOfDocument(document: unknown): DocumentProblem[] {
	if (typeof document !== "object" || document === null || Array.isArray(document)) {
		return [{ path: [], message: "a job document is a JSON object" }];
	}
	const type = documentTypeOf(document);
	if (type === undefined) {
		const known = DOCUMENT_TYPES.map(({ operation }) => operation).join(", ");
		return [{ path: ["operation"], message: `not an operation that comes built in: ${known}` }];
	}
	const validate = validatorOf(type.type);
	if (!validate(document)) return (validate.errors ?? []).map(problemOf);
	const { url, streamId } = document as Record<string, unknown>;
	const needsSource = type.operation === "ota" || type.operation === "file";
	return needsSource && url === undefined && streamId === undefined
		? [{ path: [], message: "url or streamId: one of them" }]
		: [];
}

function validatorOf(type: string): ValidateFunction {
	let validate = validators.get(type);
	if (validate === undefined) {
		validate = ajv.compile(JSON.parse(readFileSync(join(packageRoot, `schema/${type}.json`), "utf8")));
		validators.set(type, validate);
	}
	return validate;
}

function problemOf({ instancePath, message = "", params, keyword }: ErrorObject): DocumentProblem {
	const path = instancePath
		.split("/")
		.slice(1)
		.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
	const name = path.at(-1) ?? "the document";
	const allowed =
		keyword === "const" || keyword === "enum" ? `: ${JSON.stringify(params.allowedValue ?? params.allowedValues)}` : "";
	return { path, message: `${name} ${message}${allowed}` };
}
