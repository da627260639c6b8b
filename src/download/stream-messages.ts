import { type CborValue, readCborMap } from "../base/cbor.js";
import type { BlockRange } from "./block-window.js";

/**
 * A request for blocks. The messages of MQTT file streams are read and written in CBOR: a block in JSON is base64, which takes
 * three times its memory to read.
 * Source: AWS IoT developer guide, "MQTT-based file delivery".
 */
export interface BlockRequest extends BlockRange {
	/** 0..255 */
	readonly fileId: number;
	/** 256..131,072 */
	readonly blockBytes: number;
}

export interface Block {
	readonly fileId: number;
	readonly index: number;
	/** A view into the message. */
	readonly payload: Uint8Array;
}

export interface StreamRejection {
	/** Such as `ResourceNotFound`. */
	readonly code: string;
	readonly message: string;
}

export function encodeBlockRequest({ fileId, blockBytes, first, count, bitmap }: BlockRequest): Uint8Array {
	const bytes: number[] = [bitmap === undefined ? 0xa4 : 0xa5];
	put(bytes, "f", fileId);
	put(bytes, "l", blockBytes);
	put(bytes, "o", first);
	put(bytes, "n", count);
	if (bitmap !== undefined) {
		putKey(bytes, "b");
		putHead(bytes, 0x40, bitmap.byteLength);
		bytes.push(...bitmap);
	}
	return Uint8Array.from(bytes);
}

/** @returns undefined when the message is no block */
export function decodeBlock(message: Uint8Array): Block | undefined {
	let fileId: CborValue;
	let index: CborValue;
	let payload: CborValue;
	const isMap = readCborMap(message, (key, value) => {
		if (key === "f") fileId = value;
		else if (key === "i") index = value;
		else if (key === "p") payload = value;
	});
	if (!isMap || typeof fileId !== "number" || typeof index !== "number") return undefined;
	if (typeof payload !== "object") return undefined;
	return { fileId, index, payload };
}

export function decodeRejection(message: Uint8Array): StreamRejection {
	let code = "unreadable";
	let text = "";
	readCborMap(message, (key, value) => {
		if (key === "o" && typeof value === "string") code = value;
		else if (key === "m" && typeof value === "string") text = value;
	});
	return { code, message: text };
}

function put(bytes: number[], key: string, value: number): void {
	putKey(bytes, key);
	putHead(bytes, 0x00, value);
}

function putKey(bytes: number[], key: string): void {
	bytes.push(0x61, key.charCodeAt(0));
}

/** @param value at most 32 bits */
function putHead(bytes: number[], major: number, value: number): void {
	if (value < 24) bytes.push(major | value);
	else if (value < 0x100) bytes.push(major | 24, value);
	else if (value < 0x1_0000) bytes.push(major | 25, value >> 8, value & 0xff);
	else bytes.push(major | 26, value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}
