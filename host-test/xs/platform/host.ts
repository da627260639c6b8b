import { Op } from "./protocol.js";

/** The machine's side of the bridge. It runs on XS; its own memory counts as the platform's. */
declare function hostCall(
	op: number,
	target: number,
	number: number,
	text: string,
	buffer?: ArrayBufferLike,
	byteOffset?: number,
	byteLength?: number,
): unknown;
declare function hostTrace(text: string): void;

export interface Target {
	event(event: number, number: number, text: string, bytes: ArrayBuffer | undefined): void;
}

/**
 * What events find, by their number modulo the places. Made before the program starts, as the SDK's classes keep what they hold in
 * C: an object that is registered takes no memory of the program's.
 */
const PLACES = 64;
const targets: (Target | undefined)[] = Array.from({ length: PLACES }, () => undefined);
/** The number of what is registered at each place, so that an event for what was there before finds nothing. */
const numbers = new Int32Array(PLACES);
let last = 0;

export function call(op: number, target: number, number = 0, text = "", bytes?: ArrayBuffer | Uint8Array): unknown {
	try {
		if (bytes === undefined) return hostCall(op, target, number, text);
		if (bytes instanceof Uint8Array) {
			return hostCall(op, target, number, text, bytes.buffer, bytes.byteOffset, bytes.byteLength);
		}
		return hostCall(op, target, number, text, bytes, 0, bytes.byteLength);
	} catch (error) {
		throw typed(error);
	}
}

/** What the host throws arrives as an Error; its message says the class if that was another one. */
function typed(error: unknown): unknown {
	const message = error instanceof Error ? error.message : "";
	if (message.startsWith("TypeError: ")) return new TypeError(message.slice(11));
	if (message.startsWith("RangeError: ")) return new RangeError(message.slice(12));
	if (message.startsWith("SyntaxError: ")) return new SyntaxError(message.slice(13));
	if (message.startsWith("URIError: ")) return new URIError(message.slice(10));
	return error;
}

/** @returns the number under which events find the object */
export function register(target: Target): number {
	for (let tries = 0; tries < PLACES; tries += 1) {
		last += 1;
		const place = last % PLACES;
		if (targets[place] !== undefined) continue;
		targets[place] = target;
		numbers[place] = last;
		return last;
	}
	throw new Error(`more than ${PLACES} timers and clients at once`);
}

export function unregister(id: number): void {
	if (numbers[id % PLACES] === id) targets[id % PLACES] = undefined;
}

/** XS's own in later versions than that of xsnap: the host's do it, so that they are the same in both engines. */
Object.assign(Uint8Array, {
	fromHex: (text: string) => decoded(Op.fromHex, text),
	fromBase64: (text: string, { lastChunkHandling = "loose" }: { lastChunkHandling?: string } = {}) =>
		decoded(Op.fromBase64, `${lastChunkHandling} ${text}`),
});
Object.defineProperty(Uint8Array.prototype, "toHex", {
	value(this: Uint8Array): string {
		return call(Op.toHex, 0, 0, "", this) as string;
	},
});

function decoded(op: number, text: string): Uint8Array {
	const bytes = call(op, 0, 0, text);
	if (bytes === undefined) throw new SyntaxError("invalid string");
	return new Uint8Array(bytes as ArrayBuffer);
}

/** The `secure` of ECMA-419's TLS, as far as it crosses the bridge. */
export interface Secure {
	readonly certificate?: Der;
	readonly clientCertificates?: readonly Der[];
	readonly clientKey?: Der;
}

/** In memory, or a resource, which is in flash. */
export type Der = ArrayBuffer | { readonly path: string };

/** What a client of the SDK's makes its connection of. */
export interface Sockets {
	readonly io: new (options: object) => Socket;
	readonly secure: Secure;
}

export interface Socket {
	close(): void;
}

/** The callback of a socket whose bytes go over the host's. */
export function unused(): void {}

/**
 * As a client of the SDK's makes its connection, so that what the agent puts around it is there and takes memory. Nothing goes over
 * this socket.
 */
export function openSocket(sockets: Sockets, host: string, port: number): Socket {
	return new sockets.io({ ...sockets, host, port, onReadable: unused, onWritable: unused, onError: unused });
}

/** Says what the connection of this target shows. @returns whether it shows anything */
export function showCredentials(target: number, { clientCertificates = [], clientKey }: Secure): boolean {
	const [certificate] = clientCertificates;
	if (certificate === undefined || clientKey === undefined) return false;
	showCredential(target, 0, certificate);
	showCredential(target, 1, clientKey);
	return true;
}

function showCredential(target: number, number: number, der: Der): void {
	if ("path" in der) call(Op.credential, target, number, der.path);
	else call(Op.credential, target, number, "", der);
}

/** @param start is called when the host says so */
export function listen(start: () => void): void {
	Object.assign(globalThis, {
		trace: (...texts: unknown[]) => hostTrace(texts.join("")),
		onEvent(id: number, event: number, number: number, text: string, bytes: ArrayBuffer | undefined): void {
			if (id === 0) start();
			else if (numbers[id % PLACES] === id) targets[id % PLACES]?.event(event, number, text, bytes);
		},
	});
}
