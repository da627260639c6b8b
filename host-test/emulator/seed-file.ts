import { type Fault, readFaultObject } from "./faults/faults.js";

/** What an emulator has at its start, and after each reset. */
export interface Seed {
	readonly things?: readonly { readonly name: string; readonly groups?: readonly string[] }[];
	/** A group before those below it. */
	readonly groups?: readonly { readonly name: string; readonly parent?: string }[];
	/** Members of CreateJob, but `document` is an object, and targets are the names of `things` and `groups`. */
	readonly jobs?: readonly (SeedJob & Readonly<Record<string, unknown>>)[];
	readonly faults?: readonly Fault[];
}

export interface SeedJob {
	readonly jobId: string;
	readonly things?: readonly string[];
	readonly groups?: readonly string[];
	readonly document: Readonly<Record<string, unknown>>;
}

const MEMBERS = ["things", "groups", "jobs", "faults"];

/** @throws with a sentence that says what is wrong */
export function readSeed(text: string): Seed {
	const seed: unknown = JSON.parse(text);
	if (!isObject(seed)) throw new Error(`an object with ${MEMBERS.join(", ")}`);
	for (const [name, list] of Object.entries(seed)) {
		if (!MEMBERS.includes(name)) throw new Error(`"${name}": there are ${MEMBERS.join(", ")}`);
		if (!Array.isArray(list) || !list.every(isObject)) throw new Error(`"${name}": a list of objects`);
	}
	const { things = [], groups = [], jobs = [], faults = [] } = seed as Seed;
	if ([...things, ...groups].some(({ name }) => typeof name !== "string"))
		throw new Error('"things" and "groups": each with its "name"');
	if (jobs.some(({ jobId }) => typeof jobId !== "string")) throw new Error('"jobs": each with its "jobId"');
	for (const fault of faults) readFaultObject({ ...fault });
	return seed as Seed;
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
