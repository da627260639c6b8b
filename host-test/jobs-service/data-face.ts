import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import Fastify, { type FastifyInstance } from "fastify";
import type { Pair } from "../broker/pki.js";

export interface DataFaceOptions {
	readonly host: string;
	readonly port: number;
	readonly server: Pair;
	readonly imageDirectory: string;
	/** Slows each download down to this. Default: as fast as it goes. */
	readonly imageBytesPerSecond?: number | undefined;
}

const CHUNK_BYTES = 4_096;

/** HTTPS for devices: the images of OTA jobs, which on AWS lie in S3. */
export class DataFace {
	readonly #server: FastifyInstance;

	private constructor(server: FastifyInstance) {
		this.#server = server;
	}

	static async start({ host, port, server, imageDirectory, imageBytesPerSecond }: DataFaceOptions): Promise<DataFace> {
		const fastify = Fastify({
			https: { key: server.privateKey, cert: server.certificate, minVersion: "TLSv1.2" },
			forceCloseConnections: true,
		});
		fastify.get<{ Params: { name: string } }>("/images/:name", async ({ params: { name } }, reply) => {
			const path = join(imageDirectory, name);
			const found =
				/^[a-zA-Z0-9._-]+$/.test(name) && !name.startsWith(".") ? await stat(path).catch(() => undefined) : undefined;
			if (!found?.isFile()) return reply.code(404).send({ message: `no image ${name}` });
			reply.header("content-length", found.size).type("application/octet-stream");
			const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
			return reply.send(imageBytesPerSecond === undefined ? file : Readable.from(slowly(file, imageBytesPerSecond)));
		});
		await fastify.listen({ host, port });
		return new DataFace(fastify as unknown as FastifyInstance);
	}

	get port(): number {
		return (this.#server.server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		await this.#server.close();
	}
}

async function* slowly(file: AsyncIterable<Buffer>, bytesPerSecond: number) {
	for await (const chunk of file) {
		yield chunk;
		await delay((chunk.byteLength / bytesPerSecond) * 1_000);
	}
}
