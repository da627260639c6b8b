import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../store/store.js";

/** A file of a stream: the object `key` of a bucket, for which the emulator takes the image of that name. */
export interface StreamFile {
	/** 0..255 */
	readonly fileId: number;
	readonly bucket: string;
	readonly key: string;
	readonly version?: string | undefined;
}

export interface Stream {
	readonly streamId: string;
	/** 1, and one more with each update. */
	readonly streamVersion: number;
	readonly description: string | undefined;
	readonly files: readonly StreamFile[];
	readonly roleArn: string | undefined;
	/** Seconds since the epoch, with fractions. */
	readonly createdAt: number;
	readonly lastUpdatedAt: number;
}

/** Of the MQTT API (AWS IoT developer guide, "Using AWS IoT MQTT-based file delivery in devices"). */
export type StreamErrorCode =
	| "InvalidTopic"
	| "InvalidJson"
	| "InvalidCbor"
	| "InvalidRequest"
	| "BlockSizeOutOfBounds"
	| "OffsetOutOfBounds"
	| "BlockCountLimitExceeded"
	| "BlockBitmapLimitExceeded"
	| "ResourceNotFound"
	| "VersionMismatch"
	| "InternalError";

export class StreamError extends Error {
	readonly code: StreamErrorCode;

	constructor(code: StreamErrorCode, message: string) {
		super(message);
		this.code = code;
	}
}

/** What a device asks for; the bitmap's bit i, least significant first, is block `first + i`. */
export interface BlocksRequest {
	readonly streamVersion: number | undefined;
	readonly fileId: number;
	readonly blockBytes: number;
	readonly first: number;
	readonly count: number | undefined;
	readonly bitmap: Uint8Array | undefined;
}

export interface StreamBlock {
	readonly index: number;
	readonly payload: Buffer;
}

/** AWS IoT Core quotas, "MQTT-based file delivery". */
const MIN_BLOCK_BYTES = 256;
const MAX_BLOCK_BYTES = 131_072;
const MAX_OFFSET = 98_304;
const MAX_BITMAP_BYTES = 12_288;
const MAX_BYTES_A_REQUEST = 131_072;
const MAX_FILE_BYTES = 24 * 1_024 * 1_024;
const MAX_FILES = 50;

/** The streams of the account, and the blocks of their files. */
export class Streams {
	/** Where the objects of all buckets are, by the last part of their keys. */
	readonly directory: string;
	readonly #store: Store | undefined;
	readonly #streams = new Map<string, Stream>();

	constructor(directory: string, store?: Store) {
		this.directory = directory;
		this.#store = store;
		for (const stream of store?.all<Stream>("stream") ?? []) this.#streams.set(stream.streamId, stream);
	}

	get(streamId: string): Stream | undefined {
		return this.#streams.get(streamId);
	}

	list(): readonly Stream[] {
		return [...this.#streams.values()];
	}

	put(stream: Stream): void {
		this.#streams.set(stream.streamId, stream);
		this.#store?.put(["stream", stream.streamId], stream);
	}

	delete(streamId: string): void {
		this.#streams.delete(streamId);
		this.#store?.remove(["stream", streamId]);
	}

	/** Bytes of each file. @throws StreamError */
	describe(streamId: string): { stream: Stream; files: { fileId: number; size: number }[] } {
		const stream = this.#find(streamId);
		return { stream, files: stream.files.map((file) => ({ fileId: file.fileId, size: this.#read(file).byteLength })) };
	}

	/** The blocks that one request gets: not more than 128 KB. @throws StreamError */
	blocks(streamId: string, request: BlocksRequest): StreamBlock[] {
		const { streamVersion, fileId, blockBytes, first } = request;
		const stream = this.#find(streamId);
		if (streamVersion !== undefined && streamVersion !== stream.streamVersion) {
			throw new StreamError("VersionMismatch", `the stream has version ${stream.streamVersion}`);
		}
		checkLimits(request);
		const file = stream.files.find((one) => one.fileId === fileId);
		if (file === undefined) throw new StreamError("ResourceNotFound", `the stream has no file ${fileId}`);
		const bytes = this.#read(file);
		const total = Math.ceil(bytes.byteLength / blockBytes);
		if (first >= total) throw new StreamError("OffsetOutOfBounds", `o: the file has ${total} blocks`);
		return indicesOf(request, total).map((index) => ({
			index,
			payload: bytes.subarray(index * blockBytes, (index + 1) * blockBytes),
		}));
	}

	#find(streamId: string): Stream {
		const stream = this.#streams.get(streamId);
		if (stream === undefined) throw new StreamError("ResourceNotFound", `there is no stream ${streamId}`);
		return stream;
	}

	#read({ fileId, key }: StreamFile): Buffer {
		const path = join(this.directory, objectName(key));
		if (!existsSync(path)) throw new StreamError("ResourceNotFound", `file ${fileId}: there is no object ${key}`);
		return readFileSync(path);
	}
}

/** Every bucket is the one directory: an object is found by the last part of its key. */
export function objectName(key: string): string {
	return key.split("/").pop() || "-";
}

function checkLimits({ blockBytes, first, count, bitmap }: BlocksRequest): void {
	if (blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_BLOCK_BYTES) {
		throw new StreamError("BlockSizeOutOfBounds", `l: ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES} bytes`);
	}
	if (first > MAX_OFFSET) throw new StreamError("OffsetOutOfBounds", `o: 0 to ${MAX_OFFSET} blocks`);
	if (count !== undefined && (count < 1 || count > MAX_OFFSET)) {
		throw new StreamError("BlockCountLimitExceeded", `n: 1 to ${MAX_OFFSET} blocks`);
	}
	if (bitmap !== undefined && bitmap.byteLength > MAX_BITMAP_BYTES) {
		throw new StreamError("BlockBitmapLimitExceeded", `b: at most ${MAX_BITMAP_BYTES} bytes`);
	}
}

/** The blocks that are asked for, and not more than one request gets. */
function indicesOf({ first, count, bitmap, blockBytes }: BlocksRequest, total: number): number[] {
	const most = Math.min(count ?? total, Math.floor(MAX_BYTES_A_REQUEST / blockBytes));
	const indices: number[] = [];
	for (let index = first; index < total && indices.length < most; index += 1) {
		if (isAskedFor(bitmap, index - first)) indices.push(index);
	}
	return indices;
}

function isAskedFor(bitmap: Uint8Array | undefined, bit: number): boolean {
	return bitmap === undefined || (((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

/** @returns what is wrong with the files of a stream, or undefined */
export function problemOfFiles(files: readonly StreamFile[], directory: string): string | undefined {
	if (files.length < 1 || files.length > MAX_FILES) return `files: 1 to ${MAX_FILES}`;
	if (new Set(files.map(({ fileId }) => fileId)).size < files.length) return "files: a fileId is there twice";
	for (const { fileId, key } of files) {
		if (!Number.isInteger(fileId) || fileId < 0 || fileId > 255) return "fileId: 0 to 255";
		const path = join(directory, objectName(key));
		if (!existsSync(path)) return `s3Location: there is no object ${key}`;
		if (readFileSync(path).byteLength > MAX_FILE_BYTES) return `${key}: more than ${MAX_FILE_BYTES} bytes`;
	}
	return undefined;
}
