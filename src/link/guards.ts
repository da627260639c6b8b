import type { Resolver, ResolverClass, SecureSockets, SocketClass } from "./ecma419.js";

/**
 * Guards between the platform's network classes and the SDK's clients. The SDK 8.2.3 throws in callbacks, measured:
 *
 * - the TLS class out of its socket's callback when a check fails (wrong CA, wrong name, expired certificate);
 * - the MQTT client out of the resolver's callback when it was closed while the name was being resolved;
 * - the MQTT client out of its socket's callback when a second error follows the first.
 *
 * On XS, what a callback throws aborts the machine: a captive portal would make a board boot for ever. The guards catch it
 * and call the owner's `failed`.
 *
 * @returns the options `dns` and `socket` of a client of the SDK
 */
export function guardedSockets({ dns, tls, tcp }: SecureSockets, owner: ConnectionOwner) {
	const { connection } = owner;
	const failed = (error: unknown) => owner.failed(error, connection);
	return {
		dns: { ...dns, io: guardedResolver(dns.io, failed) },
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
type Failed = (error: unknown) => void;

function guarded(callback: Callback, failed: Failed): Callback {
	return function (this: unknown, ...args: unknown[]) {
		try {
			return callback.apply(this, args);
		} catch (error) {
			return failed(error);
		}
	};
}

/** @returns a constructor that makes a `TCP` whose callbacks are guarded */
function guardedSocket(TCP: SocketClass, failed: Failed): SocketClass {
	// Not a class of its own for each connection: a function that returns an object is smaller, and `new` takes it.
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		const own = { ...options };
		for (let i = 0; i < CALLBACKS.length; i += 1) {
			const name = CALLBACKS[i] as string;
			const callback = own[name];
			if (typeof callback === "function") own[name] = guarded(callback as Callback, failed);
		}
		return new TCP(own);
	} as unknown as SocketClass;
}

/** @returns a constructor that makes a `Resolver` whose callbacks are guarded */
function guardedResolver(Resolver: ResolverClass, failed: Failed): ResolverClass {
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		const resolver = new Resolver(options);
		return {
			resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]) {
				resolver.resolve({
					host,
					onResolved: guarded(onResolved as Callback, failed),
					onError: guarded(onError as Callback, failed),
				});
			},
		};
	} as unknown as ResolverClass;
}
