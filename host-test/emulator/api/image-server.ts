import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../clock.js";
import { seconds } from "../base/time.js";

/** What goes wrong with the server, for tests of downloads. */
export interface ImageFaults {
	/** Answers a Range request with the whole file and 200, as a server without ranges does. */
	ignoreRange?: boolean;
	/** Cuts the connection after so many bytes of a body. Each entry is for one answer. */
	cutAfter?: number[];
	/** Sends no Content-Length: the body comes in chunks. */
	chunked?: boolean;
	/** Leaves out the end of the file and says that it ends there. */
	truncateTo?: number;
	/** Changes the byte at this offset of the file. */
	corruptAt?: number;
	/** Answers with this status and without the file. Each entry is for one answer. */
	statuses?: number[];
	/** Gives the file another ETag with each answer, as if it had changed. */
	changing?: boolean;
}

export interface ImageServerOptions {
	readonly directory: string;
	/** Slows each download down to this rate. Default: as fast as possible. */
	readonly bytesPerSecond?: number | undefined;
	readonly clock: Clock;
}

const CHUNK_BYTES = 4_096;

/** The files of OTA jobs, which on AWS lie in S3: with ranges, ETags, and URLs that expire. */
export class ImageServer {
	/** What goes wrong from now on. */
	faults: ImageFaults = {};
	/** Bytes of bodies that were sent since the start. */
	bytesSent = 0;
	/** The Range header of each request; undefined where there was none. */
	readonly ranges: (string | undefined)[] = [];
	/** `https://HOST:PORT`, once the server listens. */
	origin = "";
	readonly #options: ImageServerOptions;
	#changes = 0;

	constructor(options: ImageServerOptions) {
		this.#options = options;
	}

	/** Serves `/images/NAME`, and `/images/NAME?expires=SECONDS` until then. */
	serve(server: FastifyInstance): void {
		server.get<{ Params: { name: string }; Querystring: { expires?: string } }>("/images/:name", (request, reply) =>
			this.#answer(request, request.params.name, request.query.expires, reply),
		);
	}

	/** The URL of the image that an S3 URL names. It is good for so many seconds. */
	presign(url: string, expiresInSec: number): string {
		const name = new URL(url).pathname.split("/").pop();
		return `${this.origin}/images/${name}?expires=${seconds(this.#options.clock.now()) + expiresInSec}`;
	}

	async #answer(
		{ headers }: FastifyRequest,
		name: string,
		expires: string | undefined,
		reply: FastifyReply,
	): Promise<FastifyReply> {
		const { range } = headers;
		this.ranges.push(range);
		const status = this.faults.statuses?.shift();
		if (status !== undefined) return reply.code(status).send({ message: "a fault was asked for" });
		if (expires !== undefined && this.#options.clock.now() / 1_000 >= Number(expires)) {
			return reply.code(403).send({ message: "Request has expired" }); // in S3's words
		}
		const file = await this.#file(name);
		if (file === undefined) return reply.code(404).send({ message: `no image ${name}` });
		const etag = this.#etag(file);
		reply.header("accept-ranges", "bytes").header("etag", etag).type("application/octet-stream");
		const from = this.faults.ignoreRange ? 0 : rangeStart(range, headers["if-range"], etag);
		if (from > 0 && from >= file.byteLength) {
			return reply.code(416).header("content-range", `bytes */${file.byteLength}`).send();
		}
		if (from > 0) reply.code(206).header("content-range", `bytes ${from}-${file.byteLength - 1}/${file.byteLength}`);
		const body = file.subarray(from);
		if (!this.faults.chunked) reply.header("content-length", body.byteLength);
		reply.hijack();
		reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
		await this.#send(body, reply);
		return reply;
	}

	async #send(body: Buffer, { raw }: FastifyReply): Promise<void> {
		const cut = this.faults.cutAfter?.shift() ?? Number.POSITIVE_INFINITY;
		const { bytesPerSecond } = this.#options;
		if (cut > body.byteLength && bytesPerSecond === undefined) {
			this.bytesSent += body.byteLength;
			raw.end(body);
			return;
		}
		for (let at = 0; at < body.byteLength && !raw.destroyed; at += CHUNK_BYTES) {
			const piece = body.subarray(at, Math.min(at + CHUNK_BYTES, cut));
			this.bytesSent += piece.byteLength;
			// The callback comes when the bytes are on their way: only then may the connection be cut.
			await new Promise<void>((resolve) => raw.write(piece, () => resolve()));
			if (at + CHUNK_BYTES >= cut) return void raw.destroy();
			if (bytesPerSecond !== undefined) await delay((piece.byteLength / bytesPerSecond) * 1_000);
		}
		raw.end();
	}

	async #file(name: string): Promise<Buffer | undefined> {
		if (!/^[a-zA-Z0-9_-][a-zA-Z0-9._-]*$/.test(name)) return undefined;
		const file = await readFile(join(this.#options.directory, name)).catch(() => undefined);
		const { truncateTo, corruptAt } = this.faults;
		if (file === undefined) return undefined;
		if (corruptAt !== undefined) file[corruptAt] = (file[corruptAt] ?? 0) ^ 0xff;
		return file.subarray(0, truncateTo);
	}

	#etag(file: Buffer): string {
		if (this.faults.changing) this.#changes += 1;
		return `"${createHash("md5").update(file).update(String(this.#changes)).digest("hex")}"`;
	}
}

/** @returns 0 for the whole file: no range was asked for, or the file has changed since (RFC 9110, 13.1.5 and 14.2) */
function rangeStart(range: string | undefined, ifRange: unknown, etag: string): number {
	const start = /^bytes=(\d+)-$/.exec(range ?? "")?.[1];
	if (start === undefined || (ifRange !== undefined && ifRange !== etag)) return 0;
	return Number(start);
}
