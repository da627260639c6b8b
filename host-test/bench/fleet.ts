import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { filesFor } from "../fleet/open-files.js";
import type { FleetFigures } from "./fleet-process.js";

const SIZES = [1_000, 3_000, 10_000];
const register = fileURLToPath(new URL("../register.js", import.meta.url));
const program = fileURLToPath(new URL("fleet-process.ts", import.meta.url));

/**
 * Fleets of virtual devices that do a one-step job, each in one process: the devices, their TLS, the broker and the service.
 * Time is virtual, or the rollout alone (1,000 things a minute, as AWS's) would take ten minutes.
 */
export function benchFleet(say: (text?: string) => void): void {
	say("A fleet in one process, a one-step job (diagnostics): a device");
	say("  things      made       run   messages      heap   resident    the whole run");
	for (const size of SIZES) {
		const { devices, makeMs, runMs, messages, heapBytes, residentBytes } = run(size);
		const cells = [
			`${makeMs.toFixed(1)} ms`.padStart(9),
			`${runMs.toFixed(1)} ms`.padStart(9),
			String(messages).padStart(10),
			`${(heapBytes / 1_024).toFixed(0)} KB`.padStart(9),
			`${(residentBytes / 1_024).toFixed(0)} KB`.padStart(10),
			`${((devices * (makeMs + runMs)) / 1_000).toFixed(0)} s`.padStart(16),
		];
		say(`  ${String(devices).padStart(6)} ${cells.join(" ")}`);
		if (devices < size) say(`  (not ${size}: they need ${filesFor(size)} open files; see ulimit -n)`);
	}
}

/** The limit of open files is raised where that is allowed. */
function run(size: number): FleetFigures {
	const script = `ulimit -n ${filesFor(size)} 2>/dev/null; exec "$@"`;
	const command = [process.execPath, "--import", register, program, String(size)];
	const output = execFileSync("sh", ["-c", script, "sh", ...command], { stdio: ["ignore", "pipe", "inherit"] });
	return JSON.parse(output.toString()) as FleetFigures;
}
