import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { filesFor } from "../fleet/open-files.js";
import type { FleetFigures } from "./fleet-process.js";
import { say, Table } from "./table.js";

const SIZES = [1_000, 3_000, 10_000];
const register = fileURLToPath(new URL("../register.js", import.meta.url));
const program = fileURLToPath(new URL("fleet-process.ts", import.meta.url));

/**
 * Fleets of virtual devices that do a one-step job. Devices, their TLS, broker and service are in one process. Time is virtual: by
 * the real clock the rollout alone, of 1,000 things a minute, would take ten minutes.
 */
export function benchFleet(): void {
	say("A fleet in one process, a one-step job (diagnostics): per device");
	const table = new Table("devices", "made", "run", "messages", "heap", "resident", "whole run");
	for (const size of SIZES) {
		const { devices, makeMs, runMs, messages, heapBytes, residentBytes } = run(size);
		const kilobytes = (bytes: number) => `${(bytes / 1_024).toFixed(0)} KB`;
		table.row(
			...[String(devices), `${makeMs.toFixed(1)} ms`, `${runMs.toFixed(1)} ms`, String(messages)],
			...[kilobytes(heapBytes), kilobytes(residentBytes), `${((devices * (makeMs + runMs)) / 1_000).toFixed(0)} s`],
		);
		if (devices < size) say(`  (not ${size}: they need ${filesFor(size)} open files; see ulimit -n)`);
	}
}

/** Raises the limit of open files where that is allowed. */
function run(size: number): FleetFigures {
	const script = `ulimit -n ${filesFor(size)} 2>/dev/null; exec "$@"`;
	const command = [process.execPath, "--import", register, program, String(size)];
	const output = execFileSync("sh", ["-c", script, "sh", ...command], { stdio: ["ignore", "pipe", "inherit"] });
	return JSON.parse(output.toString()) as FleetFigures;
}
