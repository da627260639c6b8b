import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../clock.js";
import { invalidRequest, notFound } from "../base/errors.js";
import { type Faults, readFaultObject } from "../faults/faults.js";
import { whenever } from "../jobs/ended.js";
import { isTerminal, summary } from "../jobs/execution.js";
import { jobEnded } from "../jobs/job.js";
import type { JobsService } from "../jobs/service.js";
import { describeJob } from "./describe-job.js";
import { ApiError } from "./errors.js";
import type { Body } from "./members.js";

export interface TestRoutesOptions {
	readonly service: JobsService;
	readonly faults: Faults;
	readonly clock: Clock;
	/** Back to what was there at the start. */
	readonly reset: () => Promise<void>;
}

const MAX_WAIT_S = 600;
const WAIT_S = 30;

interface WaitCall {
	Params: { jobId: string; thingName: string };
	Querystring: { timeout?: string };
}

/** What tests in any language ask for, and AWS does not have: readiness, reset, faults, and an end that is waited for. */
export function testRoutes(server: FastifyInstance, { service, faults, clock, reset }: TestRoutesOptions): void {
	server.get("/health", () => ({ status: "ready" }));
	server.post("/reset", async () => {
		await reset();
		return {};
	});

	server.get("/faults", () => ({ faults: faults.list() }));
	server.post<{ Body: Body | null }>("/faults", ({ body }) => {
		try {
			return { id: faults.arm(readFaultObject(body ?? {})) };
		} catch (error) {
			throw invalidRequest((error as Error).message);
		}
	});
	server.delete<{ Params: { id: string } }>("/faults/:id", ({ params: { id } }) => {
		if (!faults.remove(id)) throw notFound(`There is no fault ${id}`);
		return {};
	});

	server.get<WaitCall>("/wait/jobs/:jobId", async (request) => {
		const { jobId } = request.params;
		const job = await waited(request, service, () => {
			const found = service.job(jobId);
			return found !== undefined && jobEnded(found) ? found : undefined;
		});
		return { job: describeJob(job, clock.now()) };
	});
	server.get<WaitCall>("/wait/jobs/:jobId/things/:thingName", async (request) => {
		const { jobId, thingName } = request.params;
		const execution = await waited(request, service, () => {
			const found = service.execution(thingName, jobId);
			return found !== undefined && isTerminal(found.status) ? found : undefined;
		});
		const { status, statusDetails = {} } = execution;
		return { execution: { ...summary(execution), thingName, status, statusDetails } };
	});
}

/** @throws ApiError when it does not come in time */
async function waited<T>(
	request: FastifyRequest<WaitCall>,
	service: JobsService,
	ask: () => T | undefined,
): Promise<T> {
	const seconds = readTimeout(request.query.timeout);
	request.raw.socket.setTimeout((seconds + WAIT_S) * 1_000); // nothing is sent meanwhile
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), seconds * 1_000);
	request.raw.socket.once("close", () => stop.abort());
	const answer = await whenever(service, ask, stop.signal);
	clearTimeout(timer);
	if (answer === undefined) throw new ApiError(408, "RequestTimeout", `It has not ended in ${seconds} s`);
	return answer;
}

/** @throws ServiceError */
function readTimeout(text: string | undefined): number {
	if (text === undefined) return WAIT_S;
	const seconds = Number(text);
	if (/^\d{1,3}$/.test(text) && seconds <= MAX_WAIT_S) return seconds;
	throw invalidRequest(`timeout: whole seconds, 0 to ${MAX_WAIT_S}`);
}
