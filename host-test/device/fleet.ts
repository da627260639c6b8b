import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { JobExecutionStatus } from "../../src/agent/messages.js";
import { certificateDer } from "../broker/pki.js";
import { type Clock, realClock } from "../ecma419/clock.js";
import { groupArn } from "../jobs-service/arn.js";
import type { Emulator } from "../jobs-service/emulator.js";
import { type Execution, isTerminal } from "../jobs-service/execution.js";
import type { NewJob } from "../jobs-service/service.js";
import { pkcs8Of } from "./credentials.js";
import { makeImage } from "./image.js";
import { VirtualDevice } from "./virtual-device.js";

export interface FleetOptions {
	readonly emulator: Emulator;
	/** Where the flash of each device is. */
	readonly directory: string;
	readonly things: number;
	/** Of 100 devices so many crash with any image but their first. */
	readonly faultyPercent?: number;
	readonly clock?: Clock;
}

/** What a job did with a fleet. */
export interface FleetSummary {
	/** Things by the status of their latest execution, as the events told it. */
	readonly executions: Readonly<Partial<Record<JobExecutionStatus, number>>>;
	/** Executions beyond the first of a thing. */
	readonly retries: number;
	/** From queued to ended, in ms: half of them took no longer, nine of ten, and all. */
	readonly milliseconds: { readonly median: number; readonly ninth: number; readonly longest: number };
	/** A device, on the average: MQTT messages that it sent and got, writes of its storage and of its images. */
	readonly messages: number;
	readonly storageWrites: number;
	readonly flashWrites: number;
}

export const FLEET = "fleet";
/** What a connection takes of one processor, both ends of it: devices are switched on no faster, and come back no faster. */
const HANDSHAKE_MS = 20;
/** A job reaches no more things in a minute: so many may reset at once. */
const ROLLOUT_PER_MINUTE = 1_000;

/** Many virtual devices in one process, in Node.js, each with flash, power and a certificate of its own. */
export class Fleet {
	readonly devices: readonly VirtualDevice[];
	readonly #emulator: Emulator;
	#messages = 0;
	#storageWrites = 0;
	#flashWrites = 0;
	readonly #clock: Clock;
	/** Of the devices that wait for their power. */
	#waiting: (() => void)[] = [];

	private constructor(emulator: Emulator, devices: readonly VirtualDevice[], clock: Clock) {
		this.#emulator = emulator;
		this.#clock = clock;
		this.devices = devices;
		emulator.broker.on("message", () => {
			this.#messages += 1;
		});
		for (const device of devices) {
			device.on("operation", (kind) => {
				if (kind === "storage") this.#storageWrites += 1;
				else if (kind === "flash") this.#flashWrites += 1;
			});
		}
	}

	/** Makes the things, in the group `fleet`, and their devices, without power yet. */
	static async make(options: FleetOptions, onMade: (count: number) => void = () => undefined): Promise<Fleet> {
		const { emulator, directory, things, faultyPercent = 0, clock = realClock } = options;
		const { host, port } = emulator.addresses.mqtt;
		const ca = certificateDer(emulator.ca);
		const factoryImage = makeImage({ version: "1.0.0", programBytes: 1_000 });
		const crash = () => {
			throw new Error("the new firmware is broken");
		};
		emulator.registry.createGroup({ groupName: FLEET, parent: undefined, description: undefined, attributes: {} });
		const devices: VirtualDevice[] = [];
		for await (const { thingName, certificate, privateKey } of emulator.makeThings(things, "device-")) {
			emulator.registry.addToGroup(FLEET, thingName);
			const flash = join(directory, thingName);
			mkdirSync(flash, { recursive: true });
			// Spread evenly, and the same each time.
			const isFaulty =
				Math.floor((devices.length * faultyPercent) / 100) < Math.floor(((devices.length + 1) * faultyPercent) / 100);
			const device = await VirtualDevice.create({
				directory: flash,
				clock,
				factoryImage,
				config: { thingName, host, port, startJitterMs: Math.min(things, ROLLOUT_PER_MINUTE) * HANDSHAKE_MS },
				credentials: { ca, certificate: certificateDer(certificate), privateKey: pkcs8Of(privateKey) },
				program: ({ version }) => (isFaulty && version !== "1.0.0" ? crash : undefined),
			});
			devices.push(device);
			onMade(devices.length);
		}
		return new Fleet(emulator, devices, clock);
	}

	/**
	 * Creates a job for the whole fleet, and runs it until every execution has ended.
	 *
	 * @param onChange called with each change of an execution
	 */
	async run(
		job: Omit<NewJob, "targets">,
		onChange: (executions: FleetSummary["executions"]) => void = () => undefined,
	): Promise<FleetSummary> {
		const { service } = this.#emulator;
		const tally = new Tally();
		const isOver = () => service.job(job.jobId)?.status !== "IN_PROGRESS" && tally.pending === 0;
		await new Promise<void>((resolve) => {
			const listener = (thingName: string, execution: Execution) => {
				if (execution.jobId !== job.jobId || !tally.take(thingName, execution)) return;
				onChange(tally.counts);
				// The job counts what was just told before this is looked at.
				setImmediate(() => {
					if (!isOver()) return;
					service.off("execution", listener);
					resolve();
				});
			};
			service.on("execution", listener);
			service.createJob({ ...job, targets: [groupArn(FLEET)] });
			this.#powerOn();
		});
		return this.#summary(tally);
	}

	#powerOn(): void {
		this.#waiting = this.devices.map((device, i) => this.#clock.after(i * HANDSHAKE_MS, () => device.powerOn()));
	}

	powerOff(): void {
		for (const cancel of this.#waiting) cancel();
		for (const device of this.devices) device.cutPower();
	}

	#summary({ counts, retries, ended }: Tally): FleetSummary {
		const sorted = ended.toSorted((a, b) => a - b);
		const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
		const each = (total: number) => Math.round((total * 10) / this.devices.length) / 10;
		return {
			executions: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
			retries,
			milliseconds: { median: at(0.5), ninth: at(0.9), longest: at(1) },
			messages: each(this.#messages),
			storageWrites: each(this.#storageWrites),
			flashWrites: each(this.#flashWrites),
		};
	}
}

/** Counts things by their latest executions, from what is told of each: not from what the service has counted. */
class Tally {
	readonly counts: Partial<Record<JobExecutionStatus, number>> = {};
	/** How long each took, in ms. */
	readonly ended: number[] = [];
	retries = 0;
	readonly #latest = new Map<string, Pick<Execution, "executionNumber" | "status">>();

	get pending(): number {
		return (this.counts.QUEUED ?? 0) + (this.counts.IN_PROGRESS ?? 0);
	}

	/** @returns false for an older execution: what is tried again is queued before the end of the try before is told */
	take(thingName: string, { executionNumber, status, lastUpdatedAt, queuedAt }: Execution): boolean {
		const before = this.#latest.get(thingName);
		if (before !== undefined && before.executionNumber > executionNumber) return false;
		if (before !== undefined) this.#add(before.status, -1);
		if (executionNumber > (before?.executionNumber ?? 1)) this.retries += 1;
		this.#latest.set(thingName, { executionNumber, status });
		this.#add(status, 1);
		if (isTerminal(status)) this.ended.push(lastUpdatedAt - queuedAt);
		return true;
	}

	#add(status: JobExecutionStatus, by: number): void {
		this.counts[status] = (this.counts[status] ?? 0) + by;
	}
}
