import { connect } from "node:net";
import type { AedesOptions } from "aedes";

/** aedes's modules for Redis, in the versions that work with the pinned aedes. */
const MODULES = "mqemitter-redis@7.2.1 aedes-persistence-redis@12.0.0";
const CONNECT_TIMEOUT_MS = 3_000;

/** Where the brokers of a cluster keep what they share: subscriptions, sessions, and every message. */
export interface ClusterBackend extends Required<Pick<AedesOptions, "mq" | "persistence">> {
	/** Closes the connection that aedes leaves open. */
	close(): Promise<unknown>;
}

/**
 * Connects to the Redis server through which the brokers of a cluster share their clients.
 *
 * @param url `redis://HOST:PORT`
 * @param log told when the connection fails later
 * @throws with a sentence when the modules are not installed, or the server cannot be reached
 */
export async function connectRedis(url: URL, log: (line: string) => void): Promise<ClusterBackend> {
	const [emitter, persistence] = await load();
	const [host, port] = [url.hostname, url.port === "" ? 6_379 : Number(url.port)];
	await reach(host, port);
	const connectionString = url.href;
	const mq = emitter({ connectionString });
	mq.state.on("error", (error: Error) => log(`redis: ${error.message}`));
	const conn = mq.pubConn.duplicate();
	conn.on("error", (error: Error) => log(`redis: ${error.message}`));
	return { mq, persistence: persistence({ conn }), close: () => conn.quit().catch(() => undefined) };
}

interface Emitter {
	readonly state: { on(event: "error", listener: (error: Error) => void): void };
	readonly pubConn: Connection & { duplicate(): Connection };
}

interface Connection {
	on(event: "error", listener: (error: Error) => void): void;
	quit(): Promise<unknown>;
}

async function load() {
	try {
		const [{ default: emitter }, { default: persistence }] = await Promise.all([
			import("mqemitter-redis" as string),
			import("aedes-persistence-redis" as string),
		]);
		return [
			emitter as (options: { connectionString: string }) => Emitter,
			persistence as (options: { conn: Connection }) => object,
		] as const;
	} catch {
		// The persistence module names an older aedes as its peer, hence --legacy-peer-deps; it works with this one.
		throw new Error(`--redis needs two modules: npm install --legacy-peer-deps ${MODULES}`);
	}
}

/** The Redis client would retry for ever in silence: a mistyped port is reported here. */
async function reach(host: string, port: number): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
		const fail = (why: string) => {
			socket.destroy();
			reject(new Error(`redis at ${host}:${port} cannot be reached: ${why}`));
		};
		socket.once("connect", () => {
			socket.end();
			resolve();
		});
		socket.once("timeout", () => fail("no answer"));
		socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
	});
}
