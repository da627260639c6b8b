import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { AccessKey } from "../emulator/api/signature.js";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** What a browser sends when it knows user and password (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
	return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Makes a server ask the browser for the access key: a browser cannot sign as the AWS CLI does. */
export function demandPassword(server: FastifyInstance, { accessKeyId, secretAccessKey }: AccessKey): void {
	const expected = digest(basicAuthorization(accessKeyId, secretAccessKey));
	server.addHook("onRequest", async ({ headers }, reply) => {
		// Digests have the same length, and tell nothing of how much of a guess was right.
		if (timingSafeEqual(digest(headers.authorization ?? ""), expected)) return;
		const message = "user: the id of --access-key; password: its --secret-key";
		return reply.code(401).header("www-authenticate", 'Basic realm="iot-jobs"').send({ message });
	});
}
