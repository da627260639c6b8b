import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EmulatorAddresses } from "../../emulator/emulator.js";

/** The program's file. */
export const command = fileURLToPath(new URL("../../cli/iot-jobs.js", import.meta.url));

export const FREE_PORTS = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];

export interface Ended {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** What `emulate --json` prints. */
type Addresses = EmulatorAddresses & { readonly page: { readonly url: string } };

/** `iot-jobs` in processes of its own, with a directory that is cleared away afterwards. */
export class Command {
	readonly directory = mkdtempSync(join(tmpdir(), "iot-jobs-command-"));
	readonly #children: ChildProcessWithoutNullStreams[] = [];

	start(...args: string[]): ChildProcessWithoutNullStreams {
		return this.keep(spawn(process.execPath, [command, ...args]));
	}

	/** A process that ends with the test. */
	keep(child: ChildProcessWithoutNullStreams): ChildProcessWithoutNullStreams {
		this.#children.push(child);
		return child;
	}

	async run(...args: string[]): Promise<Ended> {
		const child = this.start(...args);
		const ended: Ended = { code: null, stdout: "", stderr: "" };
		child.stdout.on("data", (data) => (ended.stdout += data));
		child.stderr.on("data", (data) => (ended.stderr += data));
		[ended.code] = await once(child, "close");
		return ended;
	}

	/** `emulate` with the thing "one", on ports that are free. */
	async emulate(...args: string[]): Promise<{ child: ChildProcessWithoutNullStreams; addresses: Addresses }> {
		const child = this.start("emulate", "--dir", this.directory, "--thing", "one", ...FREE_PORTS, "--json", ...args);
		const [line] = await once(createInterface(child.stdout), "line");
		return { child, addresses: JSON.parse(line) };
	}

	clear(): void {
		for (const child of this.#children) child.kill("SIGKILL");
		rmSync(this.directory, { recursive: true, force: true });
	}
}

/** CreateJob, as any HTTP client asks for it. */
export async function createJobAt(
	{ control }: EmulatorAddresses,
	jobId: string,
	document: object,
	thing = "one",
): Promise<Response> {
	return await fetch(`${control.url}/jobs/${jobId}`, {
		method: "PUT",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({
			targets: [`arn:aws:iot:us-east-1:123456789012:thing/${thing}`],
			document: JSON.stringify(document),
		}),
	});
}
