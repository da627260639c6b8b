import type { JobExecutionStatus } from "../../src/protocol/messages.js";
import { realClock } from "../clock.js";
import { certificateDer, pkcs8Of } from "../device/credentials.js";
import { groupArn } from "../emulator/base/arn.js";
import type { Emulator } from "../emulator/emulator.js";
import { type Execution, isTerminal } from "../emulator/jobs/execution.js";
import type { NewJob } from "../emulator/jobs/new-job.js";
import { average, type Times, timesOf } from "./figures.js";
import { Fleet, type FleetOptions, type FleetThing } from "./fleet.js";

/** The outcome of a job for a fleet. */
export interface FleetSummary {
	/** Number of things by the status of their latest execution. */
	readonly executions: Readonly<Partial<Record<JobExecutionStatus, number>>>;
	/** Executions beyond the first of each thing. */
	readonly retries: number;
	/** From queued to ended. */
	readonly milliseconds: Times;
	/** Per device: MQTT messages in both directions, writes to its storage and to its image partitions. */
	readonly messages: number;
	readonly storageWrites: number;
	readonly flashWrites: number;
}

export interface EmulatorFleetOptions
	extends Pick<FleetOptions, "directory" | "faultyPercent" | "onMade">,
		Partial<Pick<FleetOptions, "clock">> {
	readonly things: number;
}

export const FLEET = "fleet";

/** Makes the things of a fleet in the emulator, in the group `fleet`, and their devices, which have no power yet. */
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
 * Creates a job for the fleet of an emulator, switches the devices on, and waits until every execution has ended.
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
	const hasEnded = () => service.job(job.jobId)?.status !== "IN_PROGRESS" && tally.pending === 0;
	await new Promise<void>((resolve) => {
		const listener = (thingName: string, execution: Execution) => {
			if (execution.jobId !== job.jobId || !tally.take(thingName, execution)) return;
			onChange(tally.counts);
			// First let the job count this execution too.
			setImmediate(() => {
				if (!hasEnded()) return;
				service.off("execution", listener);
				resolve();
			});
		};
		service.on("execution", listener);
		service.createJob({ ...job, targets: [groupArn(FLEET)] });
		fleet.powerOn();
	});
	broker.off("message", count);
	const each = (total: number) => average(total, fleet.devices.length);
	return {
		executions: Object.fromEntries(Object.entries(tally.counts).filter(([, things]) => things > 0)),
		retries: tally.retries,
		milliseconds: timesOf(tally.ended),
		messages: each(messages),
		storageWrites: each(fleet.storageWrites),
		flashWrites: each(fleet.flashWrites),
	};
}

/** Counts things by the status of their latest execution, from the service's events: independent of the service's own counts. */
class Tally {
	readonly counts: Partial<Record<JobExecutionStatus, number>> = {};
	/** Milliseconds of each execution that has ended. */
	readonly ended: number[] = [];
	retries = 0;
	readonly #latest = new Map<string, Pick<Execution, "executionNumber" | "status">>();

	get pending(): number {
		return (this.counts.QUEUED ?? 0) + (this.counts.IN_PROGRESS ?? 0);
	}

	/** @returns false for an older execution: a retry is queued before the event of the failed execution comes */
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
