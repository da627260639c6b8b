import { Glob } from "../base/glob.js";
import { isKnown, lookUp, type PolicyContext, substitute } from "./policy-variables.js";

/** Operator, key, values: `{ "Bool": { "iot:Connection.Thing.IsAttached": ["true"] } }`. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Whether a value is what one text of the condition says. A text may have wildcards for StringLike alone. */
type Test = (value: string, text: string) => boolean;

const equal: Test = (value, text) => new Glob(text.replace(/\0?[*?]/g, (star) => `\0${star.at(-1)}`)).test(value);
const lower =
	(test: Test): Test =>
	(value, text) =>
		test(value.toLowerCase(), text.toLowerCase());

/** Source: IAM user guide, "IAM JSON policy elements: Condition operators". `Not` in a name means that no text may fit. */
const TESTS: Readonly<Record<string, Test>> = {
	StringEquals: equal,
	StringNotEquals: equal,
	StringEqualsIgnoreCase: lower(equal),
	StringNotEqualsIgnoreCase: lower(equal),
	StringLike: (value, text) => new Glob(text).test(value),
	StringNotLike: (value, text) => new Glob(text).test(value),
	Bool: lower(equal),
};
const OPERATOR = /^(ForAnyValue:|ForAllValues:)?(\w+?)(IfExists)?$/;

/** All operators and all keys have to hold. */
export function holds(conditions: Conditions, context: PolicyContext): boolean {
	return Object.entries(conditions).every(([operator, keys]) =>
		Object.entries(keys).every(([key, texts]) => holdsFor(operator, lookUp(key, context), list(texts), context)),
	);
}

function holdsFor(
	operator: string,
	value: string | undefined,
	texts: readonly string[],
	context: PolicyContext,
): boolean {
	const [, set, name = "", ifExists] = OPERATOR.exec(operator) ?? [];
	if (name === "Null") return texts.some((text) => (text === "true") === (value === undefined));
	const isNegative = name.includes("Not");
	if (value === undefined)
		return ifExists !== undefined || set === "ForAllValues:" || (isNegative && set === undefined);
	const test = TESTS[name];
	const fits = texts.some((text) => {
		const own = substitute(text, context);
		return own !== undefined && test?.(value, own) === true;
	});
	return fits !== isNegative;
}

/** @returns a sentence, when it is no condition that is evaluated here */
export function problemOfConditions(value: unknown): string | undefined {
	if (!isObject(value)) return '"Condition" has to be an object';
	return Object.entries(value)
		.map(([operator, keys]) => problemOfOperator(operator, keys))
		.find((problem) => problem !== undefined);
}

function problemOfOperator(operator: string, keys: unknown): string | undefined {
	const name = OPERATOR.exec(operator)?.[2] ?? "";
	if (name !== "Null" && !Object.hasOwn(TESTS, name))
		return `"Condition": the operator ${operator} is not evaluated here`;
	if (!isObject(keys)) return `"Condition" ${operator} has to be an object`;
	const unknown = Object.keys(keys).find((key) => !isKnown(key));
	if (unknown !== undefined) return `"Condition": the key ${unknown} is not evaluated here`;
	return Object.values(keys).flat().every(isScalar)
		? undefined
		: `"Condition" ${operator} has to have a text or a list of texts for each key`;
}

function list(texts: unknown): string[] {
	return [texts].flat().map(String);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
	return typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}
