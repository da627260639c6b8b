import { connect } from "node:net";
import type { AedesOptions } from "aedes";

/** What aedes's own modules for Redis are called, and which versions go with the aedes that is pinned here. */
const MODULES = "mqemitter-redis@7.2.1 aedes-persistence-redis@12.0.0";
const REACH_MS = 3_000;

/** What several brokers share: subscriptions, sessions, and every message. */
export interface Shared extends Required<Pick<AedesOptions, "mq" | "persistence">> {
	/** Ends what the broker, when it is closed, leaves open. */
	close(): Promise<unknown>;
}

/**
 * A Redis server as the middle of a cluster of brokers.
 *
 * @param url `redis://HOST:PORT`
 * @param log is told when the connection has trouble later on
 * @throws with a sentence when the modules or the server are not there
 */
export async function connectRedis(url: URL, log: (line: string) => void): Promise<Shared> {
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
		// aedes names an older one as the one that it goes with; it was tried with this one.
		throw new Error(`--redis needs two modules: npm install --legacy-peer-deps ${MODULES}`);
	}
}

/** The client for Redis would try for ever, and say nothing to the person who mistyped the port. */
async function reach(host: string, port: number): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		const socket = connect({ host, port, timeout: REACH_MS });
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
