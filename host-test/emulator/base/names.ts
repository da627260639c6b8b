import { invalidRequest } from "./errors.js";

/**
 * What the name of a resource may be: so many of these characters. Each rule is spelled here and nowhere else, for those
 * who read topics, requests and command lines. Source: AWS IoT API reference, the pattern and length of each member.
 */
export class NameRule {
	/** For a larger regular expression. It has no group of its own. */
	readonly source: string;
	/** For a person: "1 to 64 of a-z A-Z 0-9 _ -". */
	readonly words: string;
	readonly #whole: RegExp;

	constructor(characters: readonly string[], maxLength: number) {
		this.source = `[${characters.join("")}]{1,${maxLength}}`;
		this.words = `1 to ${maxLength} of ${characters.join(" ")}`;
		this.#whole = new RegExp(`^${this.source}$`);
	}

	test(name: string): boolean {
		return this.#whole.test(name);
	}

	/** @throws ServiceError that names the member of the request */
	check(member: string, name: string): void {
		if (!this.test(name)) throw invalidRequest(`${member}: ${this.words}`);
	}
}

const ALPHANUMERIC = ["a-z", "A-Z", "0-9"];

export const JOB_ID = new NameRule([...ALPHANUMERIC, "_", "-"], 64);
export const TEMPLATE_ID = JOB_ID;
export const STREAM_ID = new NameRule([...ALPHANUMERIC, "_", "-"], 128);
export const THING_NAME = new NameRule([...ALPHANUMERIC, ":", "_", "-"], 128);
export const GROUP_NAME = THING_NAME;
/** Keys of a job's status details. */
export const DETAIL_NAME = THING_NAME;
/** Keys of a job document's parameters. */
export const PARAMETER_NAME = THING_NAME;
/** Keys of a thing's attributes. */
export const ATTRIBUTE_NAME = new NameRule([...ALPHANUMERIC, "_", ".", ",", "@", "/", ":", "#", "-"], 128);
export const POLICY_NAME = new NameRule([...ALPHANUMERIC, "_", "+", "=", ",", ".", "@", "-"], 128);

/** @throws with a sentence for the person who typed the name */
export function checkThingName(thingName: string): void {
	if (THING_NAME.test(thingName)) return;
	throw new Error(`thing name ${JSON.stringify(thingName)}: ${THING_NAME.words}`);
}
