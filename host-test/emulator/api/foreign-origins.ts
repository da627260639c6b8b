import { isIP } from "node:net";
import { hostname as machineName } from "node:os";
import type { FastifyInstance } from "fastify";
import { ApiError } from "./errors.js";

const foreign = (message: string) => new ApiError(403, "ForbiddenException", message);

/**
 * Makes a server refuse what a foreign web page makes a browser ask. By DNS rebinding such a page reaches
 * this machine under a host name of its own; an address as the host cannot be rebound. Without it, its requests have an origin
 * that is not this server.
 *
 * @param host the address to listen on, which may be a name as well; undefined where credentials are demanded: a page under
 *   another name has none
 */
export function refuseForeignOrigins(server: FastifyInstance, host: string | undefined): void {
	const own = new Set(["localhost", machineName().toLowerCase(), host?.toLowerCase()]);
	server.addHook("onRequest", async ({ headers }) => {
		const authority = headers.host ?? "";
		const url = URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`) : undefined;
		const name = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
		if (host !== undefined && !own.has(name) && isIP(name) === 0) {
			throw foreign(`host ${JSON.stringify(authority)}: not this server's; with --access-key any name reaches it`);
		}
		const { origin } = headers;
		if (origin !== undefined && origin !== url?.origin) {
			throw foreign(`origin ${JSON.stringify(origin)}: not this server's`);
		}
	});
}
