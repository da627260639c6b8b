import type { FastifyInstance } from "fastify";
import { EVENT_TYPES } from "../jobs/job-events.js";
import type { JobsService } from "../jobs/service.js";
import { type Body, object, oneOf, optionalObject } from "./members.js";

/** Addresses of the account, by type: see DescribeEndpoint. */
export type Endpoints = Readonly<Record<string, string>>;

/** What concerns the account as a whole: DescribeEndpoint; Describe- and UpdateEventConfigurations. */
export function accountRoutes(server: FastifyInstance, service: JobsService, endpoints: Endpoints): void {
	server.get<{ Querystring: { endpointType?: string } }>("/endpoint", ({ query: { endpointType = "iot:Data" } }) => ({
		endpointAddress: endpoints[oneOf("endpointType", endpointType, Object.keys(endpoints))],
	}));
	server.get("/event-configurations", () => ({
		eventConfigurations: Object.fromEntries(
			EVENT_TYPES.map((type) => [type, { Enabled: service.eventConfigurations[type] }]),
		),
	}));
	server.patch<{ Body: Body | null }>("/event-configurations", ({ body }) => {
		const wanted = Object.entries(optionalObject("eventConfigurations", body?.eventConfigurations) ?? {}).map(
			([type, value]) =>
				[oneOf("eventConfigurations", type, EVENT_TYPES), object(type, value).Enabled === true] as const,
		);
		service.configureEvents(Object.fromEntries(wanted));
		return {};
	});
}
