import { isTextOf, NAME } from "../base/text.js";
import type { StatusDetails } from "./messages.js";

/** AWS: at most 10 pairs, keys of `[a-zA-Z0-9:_-]` up to 128, values of 1..1,024 characters, no control characters. */
const MAX_PAIRS = 10;
const KEY = `${NAME}:`;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 1024;

/**
 * Makes any pairs acceptable to the service: an update that is refused for its details would lose the status with
 * them. Pairs with an impossible name are dropped, values are cut, odd characters become "?", an empty value becomes "-".
 *
 * @param reserved how many of the ten pairs the caller adds itself
 */
export function acceptableDetails(details: StatusDetails, reserved = 0): StatusDetails {
	const result: StatusDetails = {};
	let room = MAX_PAIRS - reserved;
	for (const name of Object.keys(details)) {
		if (room === 0) break;
		if (!isTextOf(KEY, MAX_KEY_LENGTH, name)) continue;
		result[name] = acceptableValue(String(details[name]));
		room -= 1;
	}
	return result;
}

function acceptableValue(value: string): string {
	const { length } = value;
	let clean = "";
	let from = 0;
	for (let i = 0; i < length && i < MAX_VALUE_LENGTH; i += 1) {
		if (isPrintable(value.charCodeAt(i))) continue;
		clean += `${value.slice(from, i)}?`;
		from = i + 1;
	}
	clean += value.slice(from, MAX_VALUE_LENGTH);
	return clean === "" ? "-" : clean;
}

/**
 * The service model refuses the whole Unicode category "Other": controls, format characters, surrogates, private use, and
 * what its Unicode has not assigned yet. Kept are old blocks that hold none of them; the rest is not worth a table on the chip.
 */
function isPrintable(code: number): boolean {
	if (code < 0x7f) return code >= 0x20;
	if (code < 0x370) return code > 0xa0 && code !== 0xad; // Latin, without the soft hyphen
	if (code >= 0x4e00) return code < 0x9fa6; // Han, as of Unicode 1.1
	if (code >= 0x3041) return code < 0x3100 && code !== 0x3097 && code !== 0x3098; // kana
	return code > 0x3000 && code < 0x3040; // CJK punctuation
}
