/**
 * What the links need of ECMA-419's classes, as shapes. The classes themselves are handed in, so that an application may
 * bring its own. Source: Moddable SDK 8.2.3, documentation/io and its typings.
 */

/** A class together with its options, `{io, ...}`: so ECMA-419 hands classes into classes. */
export interface Provider<T> {
	readonly io: T;
	readonly [option: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript requires any[] in the constructor of a mixin's base
export type SocketClass = new (...args: any[]) => object;

export interface Resolver {
	resolve(options: {
		host: string;
		onResolved: (host: string, address: string) => void;
		onError: (error?: unknown) => void;
	}): void;
}

export type ResolverClass = new (options: Record<string, unknown>) => Resolver;

/** What a connection over TLS is made of. */
export interface SecureSockets {
	readonly dns: Provider<ResolverClass>;
	/** `secure` holds the certificates: see `src/storage/credentials.ts`. */
	readonly tls: Provider<SocketClass>;
	readonly tcp: Provider<SocketClass>;
}
