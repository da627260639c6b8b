import type { JobExecutionStatus } from "../../src/protocol/messages.js";
import { realClock } from "../clock.js";
import { pkcs8Of } from "../device/credentials.js";
import { groupArn } from "../emulator/base/arn.js";
import type { Emulator } from "../emulator/emulator.js";
import { certificateDer } from "../emulator/identity/pki.js";
import { type Execution, isTerminal } from "../emulator/jobs/execution.js";
import type { NewJob } from "../emulator/jobs/new-job.js";
import { Fleet, type FleetOptions, type FleetThing } from "./fleet.js";

/** What a job did with a fleet. */
export interface FleetSummary {
	/** Things by the status of their latest execution, as the events told it. */
	readonly executions: Readonly<Partial<Record<JobExecutionStatus, number>>>;
	/** Executions beyond the first of a thing. */
	readonly retries: number;
	/** From queued to ended, in ms. */
	readonly milliseconds: Times;
	/** A device, on the average: MQTT messages that it sent and got, writes of its storage and of its images. */
	readonly messages: number;
	readonly storageWrites: number;
	readonly flashWrites: number;
}

/** Half of them took no longer, nine of ten, and all. */
export interface Times {
	readonly median: number;
	readonly ninth: number;
	readonly longest: number;
}

export interface EmulatorFleetOptions
	extends Pick<FleetOptions, "directory" | "faultyPercent" | "onMade">,
		Partial<Pick<FleetOptions, "clock">> {
	readonly things: number;
}

export const FLEET = "fleet";

/** Makes things, in the group `fleet` of the emulator, and their devices, without power yet. */
export async function makeEmulatorFleet(emulator: Emulator, options: EmulatorFleetOptions): Promise<Fleet> {
	const { things: size, clock = realClock, ...others } = options;
	emulator.registry.createGroup({ groupName: FLEET, parent: undefined, description: undefined, attributes: {} });
	return await Fleet.make({ ...emulator.addresses.mqtt, ...others, clock, size, things: thingsOf(emulator, size) });
}

async function* thingsOf(emulator: Emulator, size: number): AsyncGenerator<FleetThing> {
	const ca = certificateDer(emulator.ca);
	for await (const { thingName, certificate, privateKey } of emulator.makeThings(size, "device-")) {
		emulator.registry.addToGroup(FLEET, thingName);
		const credentials = { ca, certificate: certificateDer(certificate), privateKey: pkcs8Of(privateKey) };
		yield { thingName, credentials };
	}
}

/**
 * Creates a job for the whole fleet of an emulator, switches the fleet on, and waits until every execution has ended.
 *
 * @param onChange called with each change of an execution
 */
export async function runFleetJob(
	emulator: Emulator,
	fleet: Fleet,
	job: Omit<NewJob, "targets">,
	onChange: (executions: FleetSummary["executions"]) => void = () => undefined,
): Promise<FleetSummary> {
	const { service, broker } = emulator;
	const tally = new Tally();
	let messages = 0;
	const count = () => {
		messages += 1;
	};
	broker.on("message", count);
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
		fleet.powerOn();
	});
	broker.off("message", count);
	const each = (total: number) => Math.round((total * 10) / fleet.devices.length) / 10;
	return {
		executions: Object.fromEntries(Object.entries(tally.counts).filter(([, things]) => things > 0)),
		retries: tally.retries,
		milliseconds: timesOf(tally.ended),
		messages: each(messages),
		storageWrites: each(fleet.storageWrites),
		flashWrites: each(fleet.flashWrites),
	};
}

export function timesOf(milliseconds: readonly number[]): Times {
	const sorted = milliseconds.toSorted((a, b) => a - b);
	const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
	return { median: at(0.5), ninth: at(0.9), longest: at(1) };
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
