import { existsSync, readdirSync } from "node:fs";
import { realClock } from "../clock.js";
import { readCredentials } from "../device/credentials.js";
import { thingFiles, thingNameOf } from "../emulator/identity/thing-files.js";
import { countsOf } from "../fleet/figures.js";
import { Fleet, type FleetThing } from "../fleet/fleet.js";
import { type ConsoleSummary, FleetConsole } from "../fleet/fleet-console.js";
import { mostDevices } from "../fleet/open-files.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { progressLine } from "./progress-line.js";
import { interrupted } from "./servers.js";
import { UsageError } from "./usage-error.js";

export interface FleetEndpointOptions {
	/** A directory with NAME.pem and NAME-key.pem for each thing. */
	readonly fleet: string;
	readonly host: string;
	readonly port: number;
	/** A PEM file. */
	readonly ca: string;
	/** Percent of the devices on which new firmware crashes. */
	readonly faulty: number;
	readonly subscribeAnswers: boolean;
	/** Ends when each device has ended this many executions. undefined: when interrupted. */
	readonly jobs: number | undefined;
	readonly json: boolean;
}

/** `iot-jobs simulate --fleet DIR --endpoint URL`. 0 when every execution SUCCEEDED, or when interrupted. */
export async function simulateFleetAt(options: FleetEndpointOptions): Promise<number> {
	const things = readThings(options.fleet, options.ca);
	const size = things.length;
	const most = mostDevices(1);
	if (size > most) throw new UsageError(`${size} devices: this process may open files for ${most}; see ulimit -n`);
	return await inTemporaryDirectory((directory) => run(options, things, directory));
}

async function run(options: FleetEndpointOptions, things: FleetThing[], directory: string): Promise<number> {
	const { host, port, faulty, subscribeAnswers, jobs, json } = options;
	const size = things.length;
	const progress = progressLine(json);
	const fleet = await Fleet.make({
		...{ host, port, things, size, directory, clock: realClock, faultyPercent: faulty, subscribeAnswers },
		onMade: (made) => progress(`${made} of ${size} devices are made`),
	});
	let allEnded: () => void = () => undefined;
	const ended = new Promise<void>((resolve) => {
		allEnded = resolve;
	});
	const consoles = new FleetConsole(fleet, () => {
		progress(() => shortly(consoles.summary));
		if (jobs !== undefined && consoles.haveEnded(jobs)) allEnded();
	});
	fleet.powerOn();
	await Promise.race([ended, interrupted()]);
	const { summary } = consoles;
	fleet.powerOff();
	progress("");
	process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
	const hasFailures = Object.keys(summary.executions).some((status) => status !== "SUCCEEDED");
	return jobs !== undefined && hasFailures ? 1 : 0;
}

/** @throws UsageError, or with a sentence when a file is not what it should be */
function readThings(directory: string, ca: string): FleetThing[] {
	if (!existsSync(directory)) throw new UsageError(`--fleet ${directory}: there is no such directory`);
	const names = readdirSync(directory).flatMap((file) => thingNameOf(file) ?? []);
	if (names.length === 0) {
		throw new UsageError(
			`--fleet ${directory}: no NAME.pem with a NAME-key.pem there, as emulate --dir DIR has in DIR/things`,
		);
	}
	return names.map((thingName) => ({
		thingName,
		credentials: readCredentials({ ca, ...thingFiles(directory, thingName) }),
	}));
}

function shortly({ devices, online, executions }: ConsoleSummary): string {
	return [`${online} of ${devices} online`, countsOf(executions)].filter((text) => text !== "").join(", ");
}

function describe({
	devices,
	online,
	executions,
	retries,
	milliseconds,
	connections,
	...writes
}: ConsoleSummary): string {
	const { median, ninth, longest } = milliseconds;
	return `${online} of ${devices} devices are online. Executions: ${countsOf(executions) || "none has ended"}; ${retries} retries.

From claimed to ended: 50 % within ${median} ms, 90 % within ${ninth} ms, all within ${longest} ms.
Per device: ${connections} connections, ${writes.storageWrites} storage writes, ${writes.flashWrites} flash writes.
`;
}
