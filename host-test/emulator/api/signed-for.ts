import type { IncomingMessage } from "node:http";

/**
 * A constraint of fastify's routes: the service's name in a request's signature, `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
 * Two services share paths: GET `/things/T/jobs` is one operation of `iot` and another of `iot-jobs-data`.
 */
export const SIGNED_FOR = {
	name: "signedFor",
	mustMatchWhenDerived: false,
	storage() {
		const handlers = new Map<string, never>();
		return {
			get: (service: string) => handlers.get(service) ?? null,
			set: (service: string, handler: unknown) => void handlers.set(service, handler as never),
		};
	},
	validate: () => undefined,
	deriveConstraint({ headers }: IncomingMessage): string {
		return /Credential=[^/]+\/\d+\/[^/]+\/iot-jobs-data\//.test(headers.authorization ?? "") ? "iot-jobs-data" : "";
	},
};
