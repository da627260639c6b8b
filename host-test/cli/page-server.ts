import { readFileSync } from "node:fs";
import { join } from "node:path";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { realClock } from "../clock.js";
import { readCredentials } from "../device/credentials.js";
import { VirtualDevice } from "../device/virtual-device.js";
import { answerErrors } from "../emulator/api/errors.js";
import { refuseForeignOrigins } from "../emulator/api/foreign-origins.js";
import type { AccessKey } from "../emulator/api/signature.js";
import { arn } from "../emulator/base/arn.js";
import { invalidRequest, notFound } from "../emulator/base/errors.js";
import { FASTIFY_LIMITS } from "../emulator/base/http-limits.js";
import { privateFolder } from "../emulator/base/private-files.js";
import type { WireMessage } from "../emulator/broker/service-broker.js";
import type { Emulator } from "../emulator/emulator.js";
import { type Fault, readFaultObject } from "../emulator/faults/faults.js";
import type { Execution } from "../emulator/jobs/execution.js";
import { packageRoot } from "../package-root.js";
import { demandPassword } from "./page-password.js";

const FILES: Readonly<Record<string, string>> = {
	"index.html": "text/html",
	"page.css": "text/css",
	"page.js": "text/javascript",
};
/** The browser may load nothing from elsewhere. */
const POLICY = "default-src 'self'; img-src data:; frame-ancestors 'none'";
/** The state is sent at most this often; each message on the wire is sent at once. */
const INTERVAL_MS = 100;
/** A state of 500 things, executions and messages is half of it. */
const MAX_UNREAD_BYTES = 4 * 1_024 * 1_024;
const MAX_EXECUTIONS = 500;
const MAX_WIRE = 200;
const MAX_PAYLOAD = 2_000;
/** Topics of file streams in CBOR, whose payloads are not text. */
const BINARY = /\/cbor$/;

export interface PageOptions {
	/** Where the flash of virtual devices is kept. */
	readonly directory: string;
	readonly host: string;
	/** More host names of this machine. */
	readonly names: readonly string[];
	readonly port: number;
	/** What a browser has to be told: its id is the user, its secret the password. Without one the page is open. */
	readonly accessKey: AccessKey | undefined;
}

interface Listed {
	readonly thing: string;
	readonly jobId: string;
	readonly number: number;
	status: string;
	readonly timeline: { at: number; what: string; detail: string }[];
}

/** The dashboard of `iot-jobs emulate`: shows events as they happen; its buttons create jobs, faults and power cuts. For the local user only. */
export class PageServer {
	readonly #server: FastifyInstance;
	readonly #emulator: Emulator;
	readonly #directory: string;
	readonly #online = new Set<string>();
	readonly #devices = new Map<string, VirtualDevice>();
	readonly #executions = new Map<string, Listed>();
	readonly #wire: object[] = [];
	readonly #faults = new Map<string, () => void>();
	readonly #listeners = new Set<FastifyReply>();
	#timer: NodeJS.Timeout | undefined;

	private constructor(emulator: Emulator, directory: string, server: FastifyInstance) {
		this.#emulator = emulator;
		this.#directory = directory;
		this.#server = server;
	}

	static async start(
		emulator: Emulator,
		{ directory, host, names, port, accessKey }: PageOptions,
	): Promise<PageServer> {
		const server = Fastify({ ...FASTIFY_LIMITS, forceCloseConnections: true });
		answerErrors(server);
		refuseForeignOrigins(server, accessKey === undefined ? [host, ...names] : undefined);
		if (accessKey !== undefined) demandPassword(server, accessKey);
		const page = new PageServer(emulator, directory, server);
		page.#watch();
		page.#routes();
		await server.listen({ host, port });
		return page;
	}

	get port(): number {
		return (this.#server.server.address() as { port: number }).port;
	}

	async close(): Promise<void> {
		clearTimeout(this.#timer);
		for (const device of this.#devices.values()) device.cutPower();
		await this.#server.close();
	}

	#watch(): void {
		const { broker, service } = this.#emulator;
		broker.on("connected", (thing) => this.#change(() => this.#online.add(thing)));
		broker.on("disconnected", (thing) => this.#change(() => this.#online.delete(thing)));
		broker.on("message", (message) => this.#message(message));
		service.on("execution", (thing, execution) => this.#change(() => this.#executed(thing, execution)));
		service.on("notice", () => this.#soon());
	}

	#routes(): void {
		const server = this.#server;
		for (const [name, type] of Object.entries(FILES)) {
			const text = readFileSync(join(packageRoot, `host-test/cli/page/${name}`), "utf8");
			server.get(name === "index.html" ? "/" : `/${name}`, (_request, reply) =>
				reply.type(type).header("content-security-policy", POLICY).send(text),
			);
		}
		server.get("/events", (_request, reply) => {
			reply.hijack();
			reply.raw.socket?.setTimeout(0); // there may be nothing to tell for hours
			reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
			reply.raw.write(`data: ${JSON.stringify({ ...this.#state(), wire: this.#wire })}\n\n`);
			this.#listeners.add(reply);
			reply.raw.on("close", () => this.#listeners.delete(reply));
		});
		server.post<{ Body: { thing?: unknown; on?: unknown } | null }>("/power", async ({ body }) => {
			await this.#power(String(body?.thing), body?.on === true);
			return {};
		});
		server.post<{ Body: Record<string, unknown> | null }>("/faults", ({ body }) => {
			this.#change(() => this.#arm(body ?? {}));
			return {};
		});
		server.post<{ Body: Record<string, unknown> | null }>("/jobs", ({ body }) => {
			const { jobId, target, document } = body ?? {};
			try {
				const parsed = JSON.parse(String(document));
				this.#change(() =>
					this.#emulator.service.createJob({ jobId: String(jobId), targets: [arn(String(target))], document: parsed }),
				);
			} catch (error) {
				throw invalidRequest((error as Error).message);
			}
			return {};
		});
	}

	async #power(thing: string, on: boolean): Promise<void> {
		const device = this.#devices.get(thing) ?? (await this.#makeDevice(thing));
		this.#change(() => (on ? device.powerOn() : device.cutPower()));
	}

	/** A virtual device with the thing's own certificate. */
	async #makeDevice(thing: string): Promise<VirtualDevice> {
		const { addresses } = this.#emulator;
		const files = Object.hasOwn(addresses.things, thing) ? addresses.things[thing] : undefined;
		if (files === undefined) throw notFound(`${thing}: there are keys only for the things that --thing has named`);
		const { host, port } = addresses.mqtt;
		const directory = join(this.#directory, encodeURIComponent(thing));
		privateFolder(directory);
		const device = await VirtualDevice.create({
			directory,
			clock: realClock,
			config: { thingName: thing, host, port, startJitterMs: 0 },
			credentials: readCredentials({ ca: addresses.ca, ...files }),
		});
		device.on("boot", ({ version }) => this.#change(() => this.#note(thing, "boot", `version ${version}`)));
		device.on("reset", (reason) => this.#change(() => this.#note(thing, "reset", reason)));
		device.on("off", () => this.#change(() => this.#note(thing, "power off", "")));
		this.#devices.set(thing, device);
		return device;
	}

	#arm(body: Record<string, unknown>): void {
		const { faults } = this.#emulator;
		if (body.action === "none") {
			for (const disarm of this.#faults.values()) disarm();
			this.#faults.clear();
			return;
		}
		let fault: Fault;
		try {
			fault = readFaultObject(body);
		} catch (error) {
			throw invalidRequest((error as Error).message);
		}
		const text = Object.entries(fault)
			.map(([name, value]) => `${name}=${value}`)
			.join(", ");
		this.#faults.get(text)?.();
		this.#faults.set(text, faults.add(fault));
	}

	#executed(thing: string, { jobId, executionNumber, status, statusDetails, versionNumber }: Execution): void {
		const key = `${thing} ${jobId} ${executionNumber}`;
		const listed = this.#executions.get(key) ?? { thing, jobId, number: executionNumber, status, timeline: [] };
		listed.status = status;
		const { checkpoint: _, ...details } = statusDetails ?? {};
		const words = Object.entries(details).map(([name, value]) => `${name} ${value}`);
		listed.timeline.push({ at: Date.now(), what: status, detail: [`version ${versionNumber}`, ...words].join(", ") });
		this.#executions.set(key, listed);
		const [oldest] = this.#executions.keys();
		if (this.#executions.size > MAX_EXECUTIONS && oldest !== undefined) this.#executions.delete(oldest);
	}

	/** Adds an event of a device to the timeline of the execution that it runs. */
	#note(thing: string, what: string, detail: string): void {
		for (const listed of this.#executions.values()) {
			if (listed.thing === thing && listed.status === "IN_PROGRESS")
				listed.timeline.push({ at: Date.now(), what, detail });
		}
	}

	#message({ from, topic, payload }: WireMessage): void {
		const text = BINARY.test(topic) ? `${payload.byteLength} bytes` : payload.toString().slice(0, MAX_PAYLOAD);
		const message = { at: Date.now(), from, topic, payload: text };
		this.#wire.push(message);
		if (this.#wire.length > MAX_WIRE) this.#wire.shift();
		this.#send(`event: wire\ndata: ${JSON.stringify(message)}\n\n`);
	}

	/** Tells all who listen. One that does not read is cut: what it has not read would stay in memory. */
	#send(text: string): void {
		for (const { raw } of this.#listeners) {
			if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
			else raw.write(text);
		}
	}

	#state(): object {
		const { registry, service } = this.#emulator;
		return {
			things: registry
				.things()
				.slice(0, MAX_EXECUTIONS)
				.map(({ thingName }) => this.#thing(thingName)),
			groups: registry.groups().map(({ groupName }) => groupName),
			jobs: service.jobs().map(({ jobId, status, counts, members, rolledOut }) => ({
				...{ jobId, status, rolledOut, members: members.length },
				pending: (counts.QUEUED ?? 0) + (counts.IN_PROGRESS ?? 0),
			})),
			executions: [...this.#executions.values()],
			faults: [...this.#faults.keys()],
		};
	}

	#thing(name: string): object {
		const device = this.#devices.get(name);
		const online = this.#online.has(name);
		return { name, online, ...(device && { device: { powered: device.powered, version: device.running?.version } }) };
	}

	#change(change: () => unknown): void {
		change();
		this.#soon();
	}

	#soon(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#send(`data: ${JSON.stringify(this.#state())}\n\n`);
		}, INTERVAL_MS);
	}
}
