import type { Resolver, ResolverClass, SecureSockets, SocketClass } from "./ecma419.js";

/**
 * Guards between the platform's network classes and the SDK's clients. The SDK 8.2.3 throws in callbacks, measured:
 *
 * - the TLS class out of its socket's callback when a check fails (wrong CA, wrong name, expired certificate);
 * - the MQTT client out of its socket's callback when a second error follows the first;
 * - TCP's `write` where the other side has closed, out of a timer of the MQTT client's: it sends PUBACK from there, and pings;
 * - the TLS class out of a timer of its own: there it takes the second record of a segment (src/platform/tls-fence.ts).
 *
 * On XS, what a callback or a timer throws aborts the machine: a captive portal would make a board boot for ever. The guards
 * catch it and call the owner's `failed`.
 *
 * A name that is resolved after its connection was given up is not told: the SDK's MQTT client would throw, and its HTTP
 * client would open a socket that nothing closes.
 *
 * @returns the options `dns` and `socket` of a client of the SDK
 */
export function guardedSockets({ dns, tls, tcp }: SecureSockets, owner: ConnectionOwner) {
	const { connection } = owner;
	const failed = (error: unknown) => owner.failed(error, connection);
	const isWanted = () => connection === owner.connection;
	return {
		dns: { ...dns, io: guardedResolver(dns.io, failed, isWanted) },
		socket: { ...tls, TCP: { ...tcp, io: guardedSocket(tcp.io, failed) } },
	};
}

/** Who has a connection made, and is told of what is thrown below it. */
export interface ConnectionOwner {
	/** Counts the owner's connections: the guards remember for which one they were made. */
	readonly connection: number;
	failed(error: unknown, connection: number): void;
}

type Callback = (...args: unknown[]) => unknown;
const CALLBACKS = Object.freeze(["onReadable", "onWritable", "onError"] as const, true);
type Failed = (error: unknown) => unknown;

function guarded(callback: Callback, failed: Failed): Callback {
	return function (this: unknown, ...args: unknown[]) {
		try {
			return callback.apply(this, args);
		} catch (error) {
			return failed(error);
		}
	};
}

/** For src/platform/tls-fence.ts: a failure below it is told here. */
export interface GuardedSocket {
	readonly failed?: Failed;
}

/** @returns a constructor that makes a `Socket` whose callbacks and whose `write` are guarded */
function guardedSocket(Socket: SocketClass, failed: Failed): SocketClass {
	// Not a class of its own for each connection: a function that returns an object is smaller, and `new` takes it.
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		const own = { ...options };
		for (let i = 0; i < CALLBACKS.length; i += 1) {
			const name = CALLBACKS[i] as string;
			const callback = own[name];
			if (typeof callback === "function") own[name] = guarded(callback as Callback, failed);
		}
		const socket = new Socket(own) as { write: Callback; failed: Failed };
		socket.failed = failed;
		const { write } = socket;
		// No space is left: the client writes no more. Not by assignment: the class is frozen, and with it what it inherits.
		const value = guarded(write, (error) => {
			failed(error);
			return 0;
		});
		return Object.defineProperty(socket, "write", { value });
	} as unknown as SocketClass;
}

/** @returns a constructor that makes a `Resolver` whose callbacks are guarded, and silent once its connection is given up */
function guardedResolver(Resolver: ResolverClass, failed: Failed, isWanted: () => boolean): ResolverClass {
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		const resolver = new Resolver(options);
		const told = (callback: Callback) => guarded((...args) => isWanted() && callback(...args), failed);
		return {
			resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]) {
				resolver.resolve({ host, onResolved: told(onResolved as Callback), onError: told(onError as Callback) });
			},
		};
	} as unknown as ResolverClass;
}
