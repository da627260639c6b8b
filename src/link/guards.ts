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
 * catch it and call the owner's `failed`. They are functions of this module, and what they need hangs on the socket, with which the
 * platform calls them: a closure for each callback would take 80 slots as long as the connection lasts.
 *
 * A name that is resolved after its connection was given up is not told: the SDK's MQTT client would throw, and its HTTP
 * client would open a socket that nothing closes.
 *
 * @returns the options `dns` and `socket` of a client of the SDK
 */
export function guardedSockets({ dns, tls, tcp }: SecureSockets, owner: ConnectionOwner) {
	const { connection } = owner;
	return {
		dns: { ...dns, io: GuardedResolver, guarded: dns.io, owner, connection },
		// TLS makes the socket below with its own options, which have this one.
		socket: { ...tls, TCP: { ...tcp, io: GuardedSocket, guarded: tcp.io, owner, connection } },
	};
}

/** Who has a connection made, and is told of what is thrown below it. */
export interface ConnectionOwner {
	/** Counts the owner's connections: the guards remember for which one they were made. */
	readonly connection: number;
	failed(error: unknown, connection: number): void;
}

/** What is guarded, and for whom. */
interface Guard<T> {
	readonly guarded: T;
	readonly owner: ConnectionOwner;
	readonly connection: number;
}

type Callback = (this: unknown, ...args: unknown[]) => unknown;

interface SocketOptions {
	readonly TCP: Guard<SocketClass>;
	readonly onReadable?: Callback;
	readonly onWritable?: Callback;
	readonly onError?: Callback;
}

/** A socket of the platform's, with what the guards need of it. */
export interface GuardedSocket {
	owner: ConnectionOwner;
	connection: number;
	tellReadable: Callback | undefined;
	tellWritable: Callback | undefined;
	tellError: Callback | undefined;
	/** For src/platform/tls-fence.ts: a failure below it is told here. */
	failed(error: unknown): void;
}

/** A constructor: of a socket of the platform's whose callbacks and whose `write` are guarded. */
function GuardedSocket(options: SocketOptions): object {
	const { guarded: Socket, owner, connection } = options.TCP;
	const socket = new Socket({ ...options, onReadable, onWritable, onError }) as GuardedSocket;
	socket.owner = owner;
	socket.connection = connection;
	socket.tellReadable = options.onReadable;
	socket.tellWritable = options.onWritable;
	socket.tellError = options.onError;
	socket.failed = failed;
	// Not by assignment: the class is frozen, and with it what it inherits.
	return Object.defineProperty(socket, "write", { value: write });
}

function failed(this: GuardedSocket, error: unknown): void {
	this.owner.failed(error, this.connection);
}

function onReadable(this: GuardedSocket, count: number): void {
	tell(this, this.tellReadable, count);
}

function onWritable(this: GuardedSocket, count: number): void {
	tell(this, this.tellWritable, count);
}

function onError(this: GuardedSocket, error: unknown): void {
	tell(this, this.tellError, error);
}

function tell(socket: GuardedSocket, callback: Callback | undefined, value: unknown): void {
	try {
		callback?.call(socket, value);
	} catch (error) {
		socket.failed(error);
	}
}

/** When it fails no space is left: the client writes no more. */
function write(this: GuardedSocket, ...args: unknown[]): unknown {
	try {
		return Object.getPrototypeOf(this).write.apply(this, args);
	} catch (error) {
		this.failed(error);
		return 0;
	}
}

/** A resolver of the platform's whose callbacks are guarded, and silent once its connection is given up. */
class GuardedResolver implements Resolver {
	private readonly guard: Guard<ResolverClass>;
	private readonly resolver: Resolver;

	constructor(options: Guard<ResolverClass> & Record<string, unknown>) {
		this.guard = options;
		this.resolver = new options.guarded(options);
	}

	resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]): void {
		this.resolver.resolve({
			host,
			onResolved: (name, address) => this.tell(() => onResolved(name, address)),
			onError: (error) => this.tell(() => onError(error)),
		});
	}

	private tell(callback: () => void): void {
		const { owner, connection } = this.guard;
		if (connection !== owner.connection) return;
		try {
			callback();
		} catch (error) {
			owner.failed(error, connection);
		}
	}
}
