import type { FastifyInstance, HTTPMethods } from "fastify";
import { ApiError } from "./errors.js";

/** Answers operations that are not there with one clear error, whatever is asked. @param outside see `OUTSIDE` */
export function outsideRoutes(server: FastifyInstance, outside: Readonly<Record<string, readonly string[]>>): void {
	for (const [subject, operations] of Object.entries(outside)) {
		for (const operation of operations) {
			const [name, method, path] = operation.split(" ") as [string, HTTPMethods, string];
			const url = path.replace(/\{(\w+)\}/g, ":$1");
			// AWS's clients do not try again after a 501.
			const error = new ApiError(501, "NotImplementedException", `${name}: the emulator has no ${subject}`);
			server.route({ method, url, onRequest: () => Promise.reject(error), handler: () => undefined });
		}
	}
}
