import { invalidRequest, notFound, ServiceError } from "../base/errors.js";
import { MAX_FILE_ID } from "../base/limits.js";
import { STREAM_ID } from "../base/names.js";
import type { Store } from "../store/store.js";
import type { Objects } from "./objects.js";

/** A file of a stream: the object `key` of a bucket. */
export interface StreamFile {
	/** 0 to MAX_FILE_ID */
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

/** Codes of rejections. Source: AWS IoT developer guide, "Using AWS IoT MQTT-based file delivery in devices". */
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

/** Why a device's request is rejected. */
export class StreamError extends Error {
	readonly code: StreamErrorCode;

	constructor(code: StreamErrorCode, message: string) {
		super(message);
		this.code = code;
	}
}

/** What a device asks for. Bit i of the bitmap, the least significant first, stands for block `first + i`. */
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

/** Source: AWS IoT Core endpoints and quotas, "MQTT-based file delivery". */
const MIN_BLOCK_BYTES = 256;
const MAX_BLOCK_BYTES = 131_072;
const MAX_OFFSET = 98_304;
const MAX_BITMAP_BYTES = 12_288;
const MAX_BYTES_A_REQUEST = 131_072;
const MAX_FILE_BYTES = 24 * 1_024 * 1_024;
const MAX_FILES = 50;

/** The file streams of the account, and the blocks of their files. */
export class Streams {
	readonly #objects: Objects;
	readonly #store: Store | undefined;
	readonly #streams = new Map<string, Stream>();

	constructor(objects: Objects, store: Store | undefined) {
		this.#objects = objects;
		this.#store = store;
		for (const stream of store?.all<Stream>("stream") ?? []) this.#streams.set(stream.streamId, stream);
	}

	has(streamId: string): boolean {
		return this.#streams.has(streamId);
	}

	/** In the order of their creation. */
	list(): Stream[] {
		return [...this.#streams.values()];
	}

	/** @throws ServiceError */
	get(streamId: string): Stream {
		const stream = this.#streams.get(streamId);
		if (stream === undefined) throw notFound(`Stream ${streamId} does not exist`);
		return stream;
	}

	/** @throws ServiceError when there may be none of that id, or there is one already */
	checkNew(streamId: string): void {
		STREAM_ID.check("streamId", streamId);
		if (this.has(streamId)) throw new ServiceError("ResourceAlreadyExists", `Stream ${streamId} already exists`);
	}

	/** Creates a stream, or replaces it. */
	put(stream: Stream): void {
		this.#store?.put(["stream", stream.streamId], stream);
		this.#streams.set(stream.streamId, stream);
	}

	delete(streamId: string): void {
		this.#store?.remove(["stream", streamId]);
		this.#streams.delete(streamId);
	}

	/** @throws ServiceError when a stream may not have these files */
	checkFiles(files: readonly StreamFile[]): void {
		if (files.length < 1 || files.length > MAX_FILES) throw invalidRequest(`files: 1 to ${MAX_FILES}`);
		if (new Set(files.map(({ fileId }) => fileId)).size < files.length) {
			throw invalidRequest("files: the same fileId twice");
		}
		for (const { fileId, key } of files) {
			if (!Number.isInteger(fileId) || fileId < 0 || fileId > MAX_FILE_ID) {
				throw invalidRequest(`fileId: 0 to ${MAX_FILE_ID}`);
			}
			const bytes = this.#objects.read(key)?.byteLength;
			if (bytes === undefined) throw invalidRequest(`s3Location: there is no object ${key}`);
			if (bytes > MAX_FILE_BYTES) throw invalidRequest(`${key}: more than ${MAX_FILE_BYTES} bytes`);
		}
	}

	// ---- what devices ask for

	/** A stream and the bytes of each of its files. @throws StreamError */
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
		const bytes = this.#objects.read(key);
		if (bytes === undefined) throw new StreamError("ResourceNotFound", `file ${fileId}: there is no object ${key}`);
		return bytes;
	}
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
