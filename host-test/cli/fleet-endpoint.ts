import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../clock.js";
import { readCredentials } from "../device/credentials.js";
import { Fleet, type FleetThing } from "../fleet/fleet.js";
import { type ConsoleSummary, FleetConsole } from "../fleet/fleet-console.js";
import { mostDevices } from "../fleet/open-files.js";
import { interrupted } from "./emulate.js";
import { progressLine } from "./progress-line.js";
import { UsageError } from "./usage-error.js";

export interface FleetEndpointOptions {
	/** A directory with NAME.pem and NAME-key.pem of each thing. */
	readonly fleet: string;
	readonly host: string;
	readonly port: number;
	/** A file. */
	readonly ca: string;
	readonly faulty: number;
	readonly subscribeAnswers: boolean;
	/** Ends when each device has ended so many executions. Default: when it is interrupted. */
	readonly jobs: number | undefined;
	readonly json: boolean;
}

/** `iot-jobs simulate --fleet DIR --endpoint URL`: 0 when it was interrupted, or when every execution SUCCEEDED. */
export async function simulateFleetAt(options: FleetEndpointOptions): Promise<number> {
	const { host, port, faulty, subscribeAnswers, jobs, json } = options;
	const things = readThings(options.fleet, options.ca);
	const size = things.length;
	const most = mostDevices(1);
	if (size > most) throw new UsageError(`${size} devices: this process may open files for ${most}; see ulimit -n`);
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-fleet-"));
	const progress = progressLine(json);
	try {
		const fleet = await Fleet.make({
			...{ host, port, things, size, directory, clock: realClock, faultyPercent: faulty, subscribeAnswers },
			onMade: (made) => progress(`${made} of ${size} devices are made`),
		});
		let enough: () => void = () => undefined;
		const ended = new Promise<void>((resolve) => {
			enough = resolve;
		});
		const consoles = new FleetConsole(fleet, () => {
			progress(() => shortly(consoles.summary));
			if (jobs !== undefined && consoles.haveEnded(jobs)) enough();
		});
		fleet.powerOn();
		await Promise.race([ended, interrupted()]);
		const { summary } = consoles;
		fleet.powerOff();
		progress("");
		process.stdout.write(json ? `${JSON.stringify(summary)}\n` : told(summary));
		const others = Object.keys(summary.executions).some((status) => status !== "SUCCEEDED");
		return jobs !== undefined && others ? 1 : 0;
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

/** @throws UsageError, or with a sentence when a file is not what it should be */
function readThings(directory: string, ca: string): FleetThing[] {
	if (!existsSync(directory)) throw new UsageError(`--fleet ${directory}: there is no such directory`);
	const names = readdirSync(directory)
		.filter((file) => file.endsWith(".pem") && !file.endsWith("-key.pem"))
		.map((file) => file.slice(0, -".pem".length));
	if (names.length === 0) {
		throw new UsageError(
			`--fleet ${directory}: no NAME.pem with a NAME-key.pem there, as emulate --dir DIR has in DIR/things`,
		);
	}
	return names.map((name) => {
		const base = join(directory, name);
		const files = { ca, certificate: `${base}.pem`, privateKey: `${base}-key.pem` };
		return { thingName: name.replaceAll("%3A", ":"), credentials: readCredentials(files) };
	});
}

function counts(executions: ConsoleSummary["executions"]): string[] {
	return Object.entries(executions).map(([status, count]) => `${count} ${status}`);
}

function shortly({ devices, online, executions }: ConsoleSummary): string {
	return [`${online} of ${devices} online`, ...counts(executions)].join(", ");
}

function told({ devices, online, executions, retries, milliseconds, connections, ...writes }: ConsoleSummary): string {
	const { median, ninth, longest } = milliseconds;
	return `${online} of ${devices} devices are online. What they have ended: ${counts(executions).join(", ") || "nothing"}; ${retries} retries.

From claimed to ended: half in ${median} ms, nine of ten in ${ninth} ms, all in ${longest} ms.
A device: ${connections} connections, ${writes.storageWrites} storage writes, ${writes.flashWrites} flash writes.
`;
}
