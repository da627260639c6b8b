import { decode, encode } from "cborg";
import { MAX_CLIENT_TOKEN_BYTES, MAX_FILE_ID } from "../base/limits.js";
import type { ServiceRequest } from "../broker/service-broker.js";
import { type BlocksRequest, StreamError, type Streams } from "../registry/streams.js";

/** One of the two forms of every message. In JSON the bytes of a block are base64, and a bitmap is hexadecimal. */
interface Codec {
	decode(payload: Uint8Array): unknown;
	encode(message: object): Buffer;
	bytes(payload: Buffer): unknown;
	bitmap(value: unknown): Uint8Array | undefined;
}

const CODECS: Readonly<Record<string, Codec>> = {
	json: {
		decode(payload) {
			try {
				return JSON.parse(Buffer.from(payload).toString());
			} catch {
				throw new StreamError("InvalidJson", "the payload is not JSON");
			}
		},
		encode: (message) => Buffer.from(JSON.stringify(message)),
		bytes: (payload) => payload.toString("base64"),
		bitmap: (value) =>
			typeof value === "string" && /^([0-9a-f]{2})+$/i.test(value) ? Buffer.from(value, "hex") : undefined,
	},
	cbor: {
		decode(payload) {
			try {
				return decode(payload);
			} catch (error) {
				throw new StreamError("InvalidCbor", (error as Error).message);
			}
		},
		encode: (message) => Buffer.from(encode(message)),
		bytes: (payload) => payload,
		bitmap: (value) => (value instanceof Uint8Array && value.byteLength > 0 ? value : undefined),
	},
};

/** File streams over MQTT, in JSON and CBOR: it only translates. */
export class StreamsMqtt {
	readonly #streams: Streams;

	constructor(streams: Streams) {
		this.#streams = streams;
	}

	/** Takes a message that was published under a thing's `streams/`. */
	receive({ topic, rest, payload, send }: ServiceRequest): void {
		const [streamId = "", operation = "", form = ""] = rest.split("/");
		const base = topic.slice(0, topic.length - rest.length) + streamId;
		const codec = CODECS[form];
		let clientToken: string | undefined;
		const say = (what: string, message: object) => {
			const token = clientToken !== undefined && { c: clientToken };
			send(
				`${base}/${what}/${codec === undefined ? "json" : form}`,
				(codec ?? jsonCodec).encode({ ...message, ...token }),
			);
		};
		try {
			if (codec === undefined || rest.split("/").length !== 3) throw new StreamError("InvalidTopic", rest);
			const request = asRecord(codec.decode(payload.byteLength === 0 ? codec.encode({}) : payload));
			clientToken = tokenOf(request);
			if (operation === "describe") say("description", this.#describe(streamId));
			else if (operation === "get") {
				for (const { index, payload: bytes } of this.#streams.blocks(streamId, readBlocksRequest(request, codec))) {
					say("data", { f: request.f, l: bytes.byteLength, i: index, p: codec.bytes(bytes) });
				}
			} else throw new StreamError("InvalidTopic", rest);
		} catch (error) {
			const code = error instanceof StreamError ? error.code : "InternalError";
			say("rejected", { o: code, m: (error as Error).message });
		}
	}

	#describe(streamId: string): object {
		const { stream, files } = this.#streams.describe(streamId);
		return {
			s: stream.streamVersion,
			...(stream.description !== undefined && { d: stream.description }),
			r: files.map(({ fileId, size }) => ({ f: fileId, z: size })),
		};
	}
}

const jsonCodec = CODECS.json as Codec;

function asRecord(value: unknown): Record<string, unknown> {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
	throw new StreamError("InvalidRequest", "the payload is not a map");
}

function tokenOf({ c }: Record<string, unknown>): string | undefined {
	if (c === undefined) return undefined;
	if (typeof c === "string" && Buffer.byteLength(c) <= MAX_CLIENT_TOKEN_BYTES) return c;
	throw new StreamError("InvalidRequest", `c: a text of at most ${MAX_CLIENT_TOKEN_BYTES} bytes`);
}

function readBlocksRequest({ s, f, l, o, n, b }: Record<string, unknown>, codec: Codec): BlocksRequest {
	const fileId = readInteger("f", f);
	const blockBytes = readInteger("l", l);
	if (fileId === undefined || fileId > MAX_FILE_ID) {
		throw new StreamError("InvalidRequest", `f: 0 to ${MAX_FILE_ID}`);
	}
	if (blockBytes === undefined) throw new StreamError("InvalidRequest", "l: the block size in bytes");
	const bitmap = codec.bitmap(b);
	if (b !== undefined && bitmap === undefined) throw new StreamError("InvalidRequest", "b: a bitmap");
	return {
		streamVersion: readInteger("s", s),
		fileId,
		blockBytes,
		first: readInteger("o", o) ?? 0,
		count: readInteger("n", n),
		bitmap,
	};
}

function readInteger(name: string, value: unknown): number | undefined {
	if (value === undefined) return undefined;
	if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
	throw new StreamError("InvalidRequest", `${name}: a whole number`);
}
