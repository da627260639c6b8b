import type { FastifyInstance } from "fastify";
import { invalidRequest } from "../base/errors.js";

/** The body of an answer that the service model gives no output: AWS sends none, not `{}`. */
export const NO_BODY = "";

/** Where a request has no members, AWS's clients send an empty body, and call it JSON all the same. */
export function acceptEmptyBodies(server: FastifyInstance): void {
	server.removeContentTypeParser("application/json");
	server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
		request.bodyText = body as string;
		if (body === "") return done(null, null);
		try {
			done(null, JSON.parse(body as string));
		} catch (error) {
			done(invalidRequest(`the body is not JSON: ${(error as Error).message}`));
		}
	});
}

declare module "fastify" {
	interface FastifyRequest {
		/** The body as it came, for its signature. */
		bodyText?: string;
	}
}
