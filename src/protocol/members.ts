/**
 * A look at JSON before it is parsed. XS never frees a name: JSON.parse makes one of each member that no code and no message before has
 * named, a slot and its text, until the memory is full. So the members that nobody reads are given the name "" here, in the bytes.
 *
 * And in XS, JSON.parse and JSON.stringify call themselves for each level, and a stack that overflows ends the machine. Measured in
 * the agent with the chip's 512 slots: JSON.stringify ends it between 76 and 82 levels of objects, JSON.parse at 145. `MAX_DEPTH` is a
 * third of that, for the native stack (10 KB) has less room.
 */

/** How deep a message may be nested; its document begins at the third level. */
export const MAX_DEPTH = 24;

/** Whose documents are read. */
export interface MemberNames {
	/**
	 * @param operation as it stands in the JSON; "" where there is none
	 * @returns the names that a document of this operation may have at any depth, a space before and behind each; or `ANY_MEMBER`
	 */
	membersOf(operation: string): string;
}

/** The handler names none: all are parsed. */
export const ANY_MEMBER = "*";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const LONGEST_NAME = 64;
const DOCUMENT = "jobDocument";
const OPERATION = "operation";
/** What the agent reads of the service's messages; of the status details it is the checkpoint. */
const OF_MESSAGES =
	" clientToken code message execution executionState jobId executionNumber status versionNumber statusDetails approximateSecondsBeforeTimedOut jobDocument checkpoint ";

const { includes } = String.prototype;

/**
 * Makes a message, or a document alone, ready for JSON.parse.
 *
 * @param json UTF-8, at the start of these bytes, which are changed
 * @param isDocument whether it is a job's document, and not a message that may have one
 * @param names undefined to leave all names as they are
 * @returns the text; undefined when it is nested deeper than `MAX_DEPTH`
 * @throws when it is not UTF-8
 */
export function readable(
	json: Uint8Array,
	byteLength: number,
	isDocument: boolean,
	names: MemberNames | undefined,
): string | undefined {
	if (isTooDeep(json, byteLength)) return undefined;
	if (names !== undefined) {
		const level = isDocument ? 1 : 0;
		const operation = walk(json, byteLength, level, undefined);
		// Escaped it may be any.
		walk(json, byteLength, level, includes.call(operation, "\\") ? ANY_MEMBER : names.membersOf(operation));
	}
	return textOf(json, 0, byteLength);
}

/** Counts brackets outside of strings. Of what is no JSON, the part that a parser would read is counted rightly. */
export function isTooDeep(json: Uint8Array, byteLength = json.byteLength): boolean {
	let depth = 0;
	for (let i = 0; i < byteLength; i += 1) {
		if (json[i] === QUOTE) i = endOfString(json, i + 1, byteLength);
		else depth += step(json[i]);
		if (depth > MAX_DEPTH) return true;
	}
	return false;
}

/**
 * Goes through the members: once for the document's operation, which may stand behind the others, and once to hide names.
 *
 * @param outer the level of the document's own members: 1 in a document, 0 in a message
 * @param known the names that the document may have; undefined to hide none
 * @returns the operation; "" when there is none that is text
 */
function walk(json: Uint8Array, byteLength: number, outer: number, known: string | undefined): string {
	let depth = 0;
	let level = outer;
	let operation = "";
	for (let from = 0, at = nextName(json, 0, byteLength); at < byteLength; at = nextName(json, from, byteLength)) {
		depth += levels(json, from, at);
		from = endOfString(json, at + 1, byteLength) + 1;
		const name = nameOf(json, at + 1, from - 1);
		level = levelOfDocument(level, depth, name);
		const names = level > 0 && depth >= level ? known : OF_MESSAGES;
		if (known !== undefined && !isKnown(names as string, name)) erase(json, at + 1, from - 1);
		if (depth === level && name === OPERATION) operation = textAt(json, behindSpace(json, from) + 1, byteLength);
	}
	return operation;
}

/** @returns where the next string begins that a colon follows; the end when there is none */
function nextName(json: Uint8Array, from: number, byteLength: number): number {
	for (let at = from; at < byteLength; at += 1) {
		if (json[at] !== QUOTE) continue;
		const end = endOfString(json, at + 1, byteLength);
		if (json[behindSpace(json, end + 1)] === COLON) return at;
		at = end;
	}
	return byteLength;
}

/** How many brackets open between two places, less those that close. */
function levels(json: Uint8Array, from: number, to: number): number {
	let depth = 0;
	for (let i = from; i < to; i += 1) {
		if (json[i] === QUOTE) i = endOfString(json, i + 1, to);
		else depth += step(json[i]);
	}
	return depth;
}

/** @returns the level of the document's own members behind this name; 0 outside of the document */
function levelOfDocument(level: number, depth: number, name: string): number {
	if (level > 0 && depth >= level) return level;
	return name === DOCUMENT ? depth + 1 : 0;
}

/** @returns "?", which nobody reads, for one that is too long */
function nameOf(json: Uint8Array, start: number, end: number): string {
	return end - start > LONGEST_NAME ? "?" : textOf(json, start, end);
}

function isKnown(known: string, name: string): boolean {
	return known === ANY_MEMBER || name === OPERATION || includes.call(known, ` ${name} `);
}

/** The name becomes "", and what it took of the text becomes space. */
function erase(json: Uint8Array, start: number, end: number): void {
	if (start === end) return;
	json[start] = QUOTE;
	json.fill(SPACE, start + 1, end + 1);
}

/** The text that begins there, if one does. */
function textAt(json: Uint8Array, from: number, byteLength: number): string {
	const start = behindSpace(json, from) + 1;
	return json[start - 1] === QUOTE ? textOf(json, start, endOfString(json, start, byteLength)) : "";
}

function textOf(json: Uint8Array, start: number, end: number): string {
	return String.fromArrayBuffer(json.buffer as ArrayBuffer, json.byteOffset + start, end - start);
}

function behindSpace(json: Uint8Array, from: number): number {
	let at = from;
	while ((json[at] as number) <= SPACE) at += 1;
	return at;
}

/** What follows a backslash does not end the string. */
function endOfString(json: Uint8Array, from: number, byteLength: number): number {
	let at = from;
	while (at < byteLength && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
	return at;
}

/** Into an object or an array, or out of it. */
function step(byte: number | undefined): number {
	if (byte === 0x5b || byte === 0x7b) return 1;
	return byte === 0x5d || byte === 0x7d ? -1 : 0;
}
