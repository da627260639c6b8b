import type { Resolver, ResolverClass, SocketClass } from "./ecma419.js";

/**
 * Walls between the SDK's network classes and the machine. Read in the SDK 8.2.3 and measured:
 *
 * - the TLS class throws out of its socket's callback when a check fails (wrong CA, wrong name, expired certificate);
 * - the MQTT client throws out of the resolver's callback when it was closed while the name was being resolved;
 * - both let a second socket error through.
 *
 * On XS, what a callback throws aborts the machine: a captive portal would make a board boot for ever. The classes below
 * stand where the SDK's would, and turn what is thrown into a call of the owner's `failed`.
 */
export interface ConnectionOwner {
	/** Counts the owner's connections: an object remembers for which one it was made. */
	readonly connection: number;
	failed(error: unknown, connection: number): void;
}

type Callback = (...args: unknown[]) => unknown;
const CALLBACKS = Object.freeze(["onReadable", "onWritable", "onError"] as const, true);

function guarded(callback: Callback, owner: ConnectionOwner): Callback {
	const { connection } = owner;
	return function (this: unknown, ...args: unknown[]) {
		try {
			return callback.apply(this, args);
		} catch (error) {
			owner.failed(error, connection);
			return undefined;
		}
	};
}

/** @returns a constructor to hand in for `TCP`, as `{io: guardedSocket(TCP, ...)}` */
export function guardedSocket(TCP: SocketClass, owner: ConnectionOwner): SocketClass {
	// Not a class of its own for each owner: a function that returns an object is smaller, and `new` takes it.
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		const own = { ...options };
		for (let i = 0; i < CALLBACKS.length; i += 1) {
			const name = CALLBACKS[i] as string;
			const callback = own[name];
			if (typeof callback === "function") own[name] = guarded(callback as Callback, owner);
		}
		return new TCP(own);
	} as unknown as SocketClass;
}

/** @returns a constructor to hand in for the resolver, as `dns: {io: guardedResolver(Resolver, ...)}` */
export function guardedResolver(Resolver: ResolverClass, owner: ConnectionOwner): ResolverClass {
	// biome-ignore lint/complexity/useArrowFunction: it is called with new
	return function (options: Record<string, unknown>) {
		return new GuardedResolver(new Resolver(options), owner);
	} as unknown as ResolverClass;
}

class GuardedResolver implements Resolver {
	readonly #resolver: Resolver;
	readonly #owner: ConnectionOwner;

	constructor(resolver: Resolver, owner: ConnectionOwner) {
		this.#resolver = resolver;
		this.#owner = owner;
	}

	resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]): void {
		this.#resolver.resolve({
			host,
			onResolved: guarded(onResolved as Callback, this.#owner),
			onError: guarded(onError as Callback, this.#owner),
		});
	}
}
