import { isTextOf, NAME } from "../base/text.js";
import { type MemberNames, readable } from "./members.js";
import type { ErrorCode, JobDocument, JobExecutionStatus, StatusDetails } from "./messages.js";
import { MAX_JOB_ID_LENGTH } from "./topics.js";

/**
 * What the agent takes out of an answer, after looking at the type of each member: the wire is hostile, and a job id
 * becomes part of a topic.
 */
export interface Answer {
	readonly clientToken: string | undefined;
	readonly code: ErrorCode | undefined;
	readonly message: string;
	readonly execution: AnsweredExecution | undefined;
	readonly executionState: AnsweredState | undefined;
}

export interface AnsweredState {
	readonly status: JobExecutionStatus;
	readonly versionNumber: number;
}

export interface AnsweredExecution extends AnsweredState {
	readonly jobId: string;
	readonly executionNumber: number;
	readonly statusDetails: StatusDetails | undefined;
	/** What the service's timers still have, in seconds; undefined when none runs. */
	readonly secondsLeft: number | undefined;
	readonly jobDocument: JobDocument | undefined;
}

/** The message is nested deeper than `MAX_DEPTH`: it was not parsed. */
export const TOO_DEEP = "tooDeep";

/**
 * @param json UTF-8, at the start of these bytes; names that nobody reads are changed in them
 * @param names undefined to leave all names as they are
 * @returns undefined when it is not a JSON object, or holds an execution that cannot be one
 * @throws when it is not UTF-8
 */
export function readAnswer(
	json: Uint8Array,
	byteLength = json.byteLength,
	names?: MemberNames,
): Answer | typeof TOO_DEEP | undefined {
	const text = readable(json, byteLength, false, names);
	if (text === undefined) return TOO_DEEP;
	const value = parse(text);
	if (value === undefined) return undefined;
	const members = asObject(value.execution);
	// Over HTTPS the document is text.
	if (typeof members?.jobDocument === "string") {
		const bytes = toBytes(members.jobDocument);
		const document = readable(bytes, bytes.byteLength, true, names);
		if (document === undefined) return TOO_DEEP;
		members.jobDocument = parse(document);
	}
	const execution = readExecution(value.execution);
	if (execution === undefined && !isNone(value.execution)) return undefined;
	return {
		clientToken: typeof value.clientToken === "string" ? value.clientToken : undefined,
		code: typeof value.code === "string" ? (value.code as ErrorCode) : undefined,
		message: typeof value.message === "string" ? value.message : "",
		execution,
		executionState: readState(value.executionState),
	};
}

export function toBytes(text: string): Uint8Array {
	return new Uint8Array(ArrayBuffer.fromString(text));
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		return asObject(JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** AWS's pages show no execution as none, and as `{}`; other writers of JSON have null. */
function isNone(value: unknown): boolean {
	const object = asObject(value);
	return value === undefined || value === null || (object !== undefined && Object.keys(object).length === 0);
}

function readExecution(value: unknown): AnsweredExecution | undefined {
	const object = asObject(value);
	const state = readState(value);
	if (object === undefined || state === undefined) return undefined;
	if (!isJobId(object.jobId) || !isCount(object.executionNumber)) return undefined;
	return {
		jobId: object.jobId,
		executionNumber: object.executionNumber,
		status: state.status,
		versionNumber: state.versionNumber,
		statusDetails: asObject(object.statusDetails) as StatusDetails | undefined,
		secondsLeft: isCount(object.approximateSecondsBeforeTimedOut) ? object.approximateSecondsBeforeTimedOut : undefined,
		jobDocument: asObject(object.jobDocument),
	};
}

function readState(value: unknown): AnsweredState | undefined {
	const object = asObject(value);
	if (object === undefined || typeof object.status !== "string" || !isCount(object.versionNumber, 0)) return undefined;
	return { status: object.status as JobExecutionStatus, versionNumber: object.versionNumber };
}

function asObject(value: unknown): Record<string, unknown> | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: undefined;
}

/** Execution numbers from 1, version numbers from 0 (AWS's pages show it); small enough that adding 1 is exact. */
function isCount(value: unknown, min = 1): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= min;
}

function isJobId(value: unknown): value is string {
	return isTextOf(NAME, MAX_JOB_ID_LENGTH, value);
}

/** No change comes after these. */
export function isTerminal(status: JobExecutionStatus): boolean {
	return status !== "QUEUED" && status !== "IN_PROGRESS";
}
