import type { FastifyRequest } from "fastify";
import { invalidRequest } from "../base/errors.js";
import { OPERATIONS } from "./operations.js";

/** Members that are refused, by method and path of the operation. */
const REFUSED = new Map(
	Object.values(OPERATIONS).map(({ route, refused = "" }) => [
		route.replace(/\{[^}]+\}/g, ":"),
		refused.split(" ").filter((name) => name !== ""),
	]),
);

/** Members that AWS knows and the emulator does not do: better refused by name than dropped in silence. @throws ServiceError */
export function refuseMembers({ method, routeOptions, query, body }: FastifyRequest): void {
	const names = REFUSED.get(`${method} ${routeOptions.url?.replace(/:[^/]+/g, ":")}`) ?? [];
	const given = names.find((name) => isIn(query, name) || isIn(body, name));
	if (given !== undefined) throw invalidRequest(`${given}: not emulated`);
}

function isIn(members: unknown, name: string): boolean {
	if (typeof members !== "object" || members === null) return false;
	const value = (members as Record<string, unknown>)[name];
	return value !== undefined && value !== null;
}
