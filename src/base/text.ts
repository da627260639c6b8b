const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** The characters of names that become part of a topic or of a key in the storage. */
export const LOWER_NAME = `${LETTERS}0123456789_-`;
export const NAME = `${LOWER_NAME}${LETTERS.toUpperCase()}`;
/** A host's name or address. */
export const HOST = `${NAME}.:`;

/** Whether it is a text of 1 to `max` characters, all of them allowed. Without a regular expression, whose program would lie in the heap. */
export function isTextOf(allowed: string, max: number, value: unknown): value is string {
	if (typeof value !== "string" || value === "" || value.length > max) return false;
	for (let i = 0; i < value.length; i += 1) if (!allowed.includes(value.charAt(i))) return false;
	return true;
}
