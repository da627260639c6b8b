/** Where an update is, once its image is whole: what must be known after the reset into it. */
export const Phase = {
	/** The image is about to be made bootable, or is. */
	Activated: 1,
	/** The new image gave up its self-test and asked for the old one. */
	SelfTestFailed: 2,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * In bytes: phase, trials, size (u32, little endian), sha256[32], the version before (UTF-8, up to 32).
 */
export interface OtaCheckpoint {
	readonly phase: Phase;
	/** How often this execution has activated the image: a power cut during the self-test rolls it back. */
	readonly trials: number;
	readonly size: number;
	readonly sha256: Uint8Array;
	/** The version that ran when the update began. */
	readonly from: string;
}

const FIXED_BYTES = 2 + 4 + 32;

export function encodeCheckpoint(checkpoint: OtaCheckpoint): Uint8Array {
	const from = new Uint8Array(ArrayBuffer.fromString(checkpoint.from.slice(0, 32)));
	const bytes = new Uint8Array(FIXED_BYTES + from.byteLength);
	bytes[0] = checkpoint.phase;
	bytes[1] = checkpoint.trials;
	new DataView(bytes.buffer).setUint32(2, checkpoint.size, true);
	bytes.set(checkpoint.sha256, 6);
	bytes.set(from, FIXED_BYTES);
	return bytes;
}

/** @returns undefined when the bytes are no checkpoint of an update: they may come from the status details */
export function decodeCheckpoint(bytes: Uint8Array): OtaCheckpoint | undefined {
	const phase = bytes[0];
	if (bytes.byteLength < FIXED_BYTES || (phase !== Phase.Activated && phase !== Phase.SelfTestFailed)) {
		return undefined;
	}
	return {
		phase,
		trials: bytes[1] as number,
		size: new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true),
		sha256: bytes.slice(6, FIXED_BYTES),
		from: readText(bytes.slice(FIXED_BYTES)),
	};
}

function readText(bytes: Uint8Array): string {
	try {
		return String.fromArrayBuffer(bytes.buffer as ArrayBuffer);
	} catch {
		return "unknown";
	}
}
