import { invalidRequest } from "../base/errors.js";

/**
 * Readers of the members of a request's body. Each is given the member's name, which the error says, and throws a
 * `ServiceError` (InvalidRequest) when the value is not what it should be.
 */
export type Body = Readonly<Record<string, unknown>>;

export function object(name: string, value: unknown): Body {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
	throw invalidRequest(`${name}: an object`);
}

export function optionalObject(name: string, value: unknown): Body | undefined {
	return value === undefined || value === null ? undefined : object(name, value);
}

export function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
	if (allowed.includes(value as T)) return value as T;
	throw invalidRequest(`${name}: one of ${allowed.join(", ")}`);
}

export function optionalOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T | undefined {
	return value === undefined ? undefined : oneOf(name, value, allowed);
}

/** A text, of any length: `String(value)` would throw at an object with a member called toString. */
export function text(name: string, value: unknown): string {
	if (typeof value === "string") return value;
	throw invalidRequest(`${name}: a text`);
}

/** AWS IoT API reference: the pattern of descriptions and comments is [^\p{C}]+, so they are not empty. */
export function optionalText(name: string, value: unknown, maxLength: number): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value === "string" && value.length <= maxLength && /^\P{C}+$/u.test(value)) return value;
	throw invalidRequest(`${name}: 1 to ${maxLength} characters, none of them a control character`);
}

export function number(name: string, value: unknown, min: number, max: number): number {
	if (typeof value === "number" && value >= min && value <= max) return value;
	throw invalidRequest(`${name}: ${min} to ${max}`);
}

/** @param decimals how many digits may follow the decimal point */
export function decimal(
	name: string,
	value: unknown,
	{ min, max, decimals }: { readonly min: number; readonly max: number; readonly decimals: number },
): number {
	const found = number(name, value, min, max);
	if (found === Number(found.toFixed(decimals))) return found;
	throw invalidRequest(`${name}: at most ${decimals} decimal places`);
}

export function integer(name: string, value: unknown, min: number, max: number): number {
	if (Number.isInteger(value)) return number(name, value, min, max);
	throw invalidRequest(`${name}: a whole number`);
}

export function optionalInteger(name: string, value: unknown, min: number, max: number): number | undefined {
	return value === undefined ? undefined : integer(name, value, min, max);
}

/** A whole number that comes as a part of a URL, or as a number. */
export function wholeNumber(name: string, value: unknown): number {
	const number = typeof value === "string" && value !== "" ? Number(value) : value;
	if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
	throw invalidRequest(`${name}: a whole number`);
}
