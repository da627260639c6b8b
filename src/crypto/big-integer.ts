import { toHex } from "../base/bytes.js";

/** The number whose bytes these are, the most significant first. */
export function toBigInt(bytes: Uint8Array, from: number, to: number): bigint {
	return from < to ? BigInt(`0x${toHex(bytes.subarray(from, to))}`) : 0n;
}
