import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { packageRoot } from "../../package-root.js";

/** The types of src/protocol/messages.ts that cross the wire, and the file in `schema/` of each. */
export const MESSAGE_TYPES = [
	"GetPendingJobExecutionsRequest",
	"GetPendingJobExecutionsResponse",
	"StartNextPendingJobExecutionRequest",
	"StartNextPendingJobExecutionResponse",
	"DescribeJobExecutionRequest",
	"DescribeJobExecutionResponse",
	"UpdateJobExecutionRequest",
	"UpdateJobExecutionResponse",
	"ErrorResponse",
	"JobExecutionsChanged",
	"NextJobExecutionChanged",
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

const ajv = new Ajv({ allErrors: false, strict: false, strictNumbers: true });
const validators = new Map<MessageType, ValidateFunction>();

/**
 * A message of the emulator's own, before it goes out: an emulator that answers wrongly would be worse than none.
 *
 * @throws when the message does not fit its schema
 */
export function checked<T extends object>(type: MessageType, message: T): T {
	const problem = invalid(type, JSON.parse(JSON.stringify(message)));
	if (problem !== undefined) throw new Error(`${type}: ${problem}`);
	return message;
}

/** @returns what is wrong with the message, or undefined */
export function invalid(type: MessageType, message: unknown): string | undefined {
	let validate = validators.get(type);
	if (validate === undefined) {
		const file = join(packageRoot, `schema/${type}.json`);
		validate = ajv.compile(JSON.parse(readFileSync(file, "utf8")));
		validators.set(type, validate);
	}
	return validate(message) ? undefined : ajv.errorsText(validate.errors, { dataVar: "payload" });
}
