/** How far an update has come, as it has to be known after a reset. */
export const Phase = Object.freeze(
	{
		/** The image is about to be made bootable, or is. */
		Activated: 1,
		/** The new image gave up its self-test and asked for the old one. */
		SelfTestFailed: 2,
		/** A part of the image is in the flash. */
		Downloading: 3,
		/** The old image runs again, and has not reported it yet. */
		RolledBack: 4,
	} as const,
	true,
);
export type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * What `OtaHandler` keeps over a reset. In bytes: phase, activations, count (u32, little endian), digest[32], text (UTF-8, up to
 * 58).
 */
export interface OtaCheckpoint {
	readonly phase: Phase;
	/** How often this execution has activated the image: a power cut during the self-test rolls it back. */
	readonly activations: number;
	/** Bytes: of the image, or of the part of it that is in the flash. */
	readonly count: number;
	/** SHA-256: of the image, or of the part of it that is in the flash. */
	readonly digest: Uint8Array;
	/** Activated: the version before. SelfTestFailed: what is wrong. Downloading: the server's ETag of the file, or "". RolledBack: why the boot that ended the trial was. */
	readonly text: string;
}

const FIXED_BYTES = 2 + 4 + 32;
const MAX_TEXT_BYTES = 58;

/** A text that is too long is cut. An ETag is left out instead: cut off, it would be of no use. */
export function encodeCheckpoint(checkpoint: OtaCheckpoint): Uint8Array {
	let text = new Uint8Array(ArrayBuffer.fromString(checkpoint.text));
	if (text.byteLength > MAX_TEXT_BYTES) {
		text = checkpoint.phase === Phase.Downloading ? text.slice(0, 0) : text.slice(0, endOfText(text));
	}
	const bytes = new Uint8Array(FIXED_BYTES + text.byteLength);
	bytes[0] = checkpoint.phase;
	bytes[1] = checkpoint.activations;
	new DataView(bytes.buffer).setUint32(2, checkpoint.count, true);
	bytes.set(checkpoint.digest, 6);
	bytes.set(text, FIXED_BYTES);
	return bytes;
}

/** @returns undefined when the bytes, which may come from the status details, are no checkpoint of an update */
export function decodeCheckpoint(bytes: Uint8Array): OtaCheckpoint | undefined {
	const phase = bytes[0];
	if (bytes.byteLength < FIXED_BYTES || phase === undefined || phase < 1 || phase > Phase.RolledBack) return undefined;
	return {
		phase: phase as Phase,
		activations: bytes[1] as number,
		count: new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true),
		digest: bytes.slice(6, FIXED_BYTES),
		text: readText(bytes.slice(FIXED_BYTES)),
	};
}

/** Not in the middle of a character: UTF-8's bytes but the first begin with 10. */
function endOfText(text: Uint8Array): number {
	let end = MAX_TEXT_BYTES;
	while (((text[end] as number) & 0xc0) === 0x80) end -= 1;
	return end;
}

function readText(bytes: Uint8Array): string {
	if (bytes.byteLength === 0) return "";
	try {
		return String.fromArrayBuffer(bytes.buffer as ArrayBuffer, 0, bytes.byteLength);
	} catch {
		return "unknown";
	}
}
