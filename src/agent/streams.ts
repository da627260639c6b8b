import type { Link } from "./link.js";

/** What a handler is told of the stream that it reads. */
export interface StreamListener {
	/** A block. @param message CBOR; valid during the call alone */
	block(message: Uint8Array): void;
	/** A request was refused. @param message CBOR; valid during the call alone */
	rejected(message: Uint8Array): void;
	/** There is a new connection: what was asked for before and has not come will not come. */
	online(): void;
}

/** A handler's end of an MQTT file stream. */
export interface StreamPort {
	/** The block size to ask for, in bytes: what fits the message buffer. */
	readonly blockBytes: number;
	/** @param request CBOR @returns false when it cannot be sent now */
	get(request: Uint8Array): boolean;
	/** Whether there is a connection. */
	readonly online: boolean;
	close(): void;
}

const MAX_BLOCK_BYTES = 4_096;
/** What a block's message has beside its payload, with room for a client token. */
const OVERHEAD_BYTES = 128;

/**
 * The file stream that a handler reads over the agent's own MQTT connection: one at a time. The answers are sent to the
 * client that asks: no subscription is needed. Source: AWS IoT developer guide, "MQTT-based file delivery".
 */
export class Streams implements StreamPort {
	/** 0 when the last connection was none over MQTT. */
	blockBytes = 0;
	/** Who reads a stream; undefined while none is open. */
	listener: StreamListener | undefined = undefined;
	private readonly base: string;
	private link: Link | undefined = undefined;
	private dataTopic: string | undefined = undefined;
	private rejectedTopic: string | undefined = undefined;
	private getTopic: string | undefined = undefined;

	constructor(thingName: string) {
		this.base = `$aws/things/${thingName}/streams/`;
	}

	get online(): boolean {
		return this.link !== undefined;
	}

	connected(link: Link): void {
		const { messageBytes } = link;
		this.link = link;
		let size = messageBytes === 0 ? 0 : MAX_BLOCK_BYTES;
		while (size + OVERHEAD_BYTES > messageBytes && size > 0) size >>= 1;
		this.blockBytes = size;
		this.listener?.online();
	}

	disconnected(): void {
		this.link = undefined;
	}

	/** @returns undefined where the agent's connection cannot carry streams */
	open(streamId: string, listener: StreamListener): StreamPort | undefined {
		if (this.blockBytes === 0) return undefined;
		const base = `${this.base}${streamId}`;
		this.dataTopic = `${base}/data/cbor`;
		this.rejectedTopic = `${base}/rejected/cbor`;
		this.getTopic = `${base}/get/cbor`;
		this.listener = listener;
		return this;
	}

	get(request: Uint8Array): boolean {
		const { getTopic } = this;
		return (getTopic !== undefined && this.link?.publish(getTopic, request)) || false;
	}

	close(): void {
		this.listener = this.dataTopic = this.rejectedTopic = this.getTopic = undefined;
	}

	/** @param byteLength undefined when the message was larger than the message buffer @returns whether the topic is the stream's */
	receive(topic: string, bytes: Uint8Array, byteLength: number | undefined): boolean {
		const { listener } = this;
		const isBlock = topic === this.dataTopic;
		if (!isBlock && topic !== this.rejectedTopic) return false;
		const message = bytes.subarray(0, byteLength ?? 0);
		if (!isBlock) listener?.rejected(message);
		else if (byteLength !== undefined) listener?.block(message);
		return true;
	}
}
