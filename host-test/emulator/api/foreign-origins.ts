import { isIP } from "node:net";
import { hostname as machineName } from "node:os";
import type { FastifyInstance } from "fastify";
import { ApiError } from "./errors.js";

const foreign = (message: string) => new ApiError(403, "ForbiddenException", message);

/**
 * Makes a server refuse what a foreign web page makes a browser ask. By DNS rebinding such a page reaches
 * this machine under a host name of its own; an address as the host cannot be rebound. Without it, its requests have an origin
 * that is not this server. Nor can a name without a dot, such as a container's: nobody can have one in the public DNS.
 *
 * @param names names of this machine; undefined where credentials are demanded: a page under another name has none
 */
export function refuseForeignOrigins(server: FastifyInstance, names: readonly string[] | undefined): void {
	const own = new Set([machineName(), ...(names ?? [])].map((name) => name.toLowerCase()));
	server.addHook("onRequest", async ({ headers }) => {
		const authority = headers.host ?? "";
		const url = URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`) : undefined;
		const name = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
		if (names !== undefined && !own.has(name) && isIP(name) === 0 && !/^[^.]+$/.test(name)) {
			throw foreign(`host ${JSON.stringify(authority)}: start the emulator with --name ${name}, or with --access-key`);
		}
		const { origin } = headers;
		if (origin !== undefined && origin !== url?.origin) {
			throw foreign(`origin ${JSON.stringify(origin)}: not this server's`);
		}
	});
}
