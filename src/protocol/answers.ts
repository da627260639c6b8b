import { isTextOf, NAME } from "../base/text.js";
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

/**
 * How deep a message may be nested; its document begins at the third level. In XS, JSON.parse and JSON.stringify call themselves
 * for each level, and a stack that overflows ends the machine. Measured in the agent with the chip's 512 slots: JSON.stringify
 * ends it between 76 and 82 levels of objects, JSON.parse at 145. A third of that, for the native stack (10 KB) has less room.
 */
export const MAX_DEPTH = 24;

/** The message is nested deeper than `MAX_DEPTH`: it was not parsed. */
export const TOO_DEEP = "tooDeep";

/**
 * @param json UTF-8, at the start of these bytes
 * @returns undefined when it is not a JSON object, or holds an execution that cannot be one
 * @throws when it is not UTF-8
 */
export function readAnswer(json: Uint8Array, byteLength = json.byteLength): Answer | typeof TOO_DEEP | undefined {
	if (isTooDeep(json, byteLength)) return TOO_DEEP;
	const value = parse(String.fromArrayBuffer(json.buffer as ArrayBuffer, json.byteOffset, byteLength));
	if (value === undefined) return undefined;
	const text = asObject(value.execution)?.jobDocument;
	if (typeof text === "string" && isTooDeep(toBytes(text))) return TOO_DEEP;
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

/** Counts brackets outside of strings. Of what is no JSON, the part that a parser would read is counted rightly. */
export function isTooDeep(json: Uint8Array, byteLength = json.byteLength): boolean {
	let depth = 0;
	for (let i = 0; i < byteLength; i += 1) {
		const byte = json[i];
		if (byte === 0x22) i = endOfString(json, i + 1, byteLength);
		else if (byte === 0x5b || byte === 0x7b) depth += 1;
		else if (byte === 0x5d || byte === 0x7d) depth -= 1;
		if (depth > MAX_DEPTH) return true;
	}
	return false;
}

/** What follows a backslash does not end the string. */
function endOfString(json: Uint8Array, from: number, byteLength: number): number {
	let at = from;
	while (at < byteLength && json[at] !== 0x22) at += json[at] === 0x5c ? 2 : 1;
	return at;
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
		// Over HTTPS the document is text.
		jobDocument: typeof object.jobDocument === "string" ? parse(object.jobDocument) : asObject(object.jobDocument),
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
