import { type ExecFileException, execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./imports.js";

const run = promisify(execFile);

export interface Finished {
	readonly code: number;
	readonly output: string;
}

/**
 * What npm packs, installed in an empty folder whose name has spaces. The libraries that it depends on are links to those that are
 * installed here, so that no registry is asked; there are no others.
 */
export class Packed {
	readonly folder: string;
	/** The paths in the package. */
	readonly files: readonly string[];

	private constructor(folder: string, files: readonly string[]) {
		this.folder = folder;
		this.files = files;
	}

	static async make(): Promise<Packed> {
		const folder = mkdtempSync(join(tmpdir(), "iot jobs packed-"));
		const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
		const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [
			{ filename: string; files: { path: string }[] },
		];
		const home = join(folder, "node_modules/moddable-iot-jobs");
		mkdirSync(home, { recursive: true });
		await run("tar", ["-xzf", join(folder, filename), "-C", home, "--strip-components", "1"]);
		writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true }\n');
		const packed = new Packed(
			folder,
			files.map(({ path }) => path),
		);
		packed.link(...Object.keys(JSON.parse(readFileSync(join(home, "package.json"), "utf8")).dependencies));
		return packed;
	}

	/** Libraries that the folder depends on, besides the package. */
	link(...libraries: readonly string[]): void {
		for (const library of libraries) {
			const path = join(this.folder, "node_modules", library);
			mkdirSync(dirname(path), { recursive: true });
			symlinkSync(join(root, "node_modules", library), path);
		}
	}

	/** A copy of a file of the project, or a new one. */
	put(name: string, text = readFileSync(join(root, name), "utf8")): void {
		mkdirSync(dirname(join(this.folder, name)), { recursive: true });
		writeFileSync(join(this.folder, name), text);
	}

	/** What this clone has built of XS, where the package looks for it. @returns false when nothing is built */
	bringXs(): boolean {
		const built = join(root, "host-test/xs/build");
		if (!existsSync(join(built, "xs-machine"))) return false;
		for (const file of ["xs-machine", "bits", "sources"])
			cpSync(join(built, file), join(this.folder, ".iot-jobs/xs", file));
		return true;
	}

	/** Runs Node.js in the folder. */
	async node(...args: readonly string[]): Promise<Finished> {
		const { NODE_OPTIONS: _, ...env } = process.env;
		try {
			const { stdout, stderr } = await run(process.execPath, args, { cwd: this.folder, env });
			return { code: 0, output: stdout + stderr };
		} catch (error) {
			const { code, stdout, stderr } = error as ExecFileException & { stdout: string; stderr: string };
			return { code: Number(code ?? 1), output: stdout + stderr };
		}
	}

	async command(...args: readonly string[]): Promise<Finished> {
		return await this.node("node_modules/moddable-iot-jobs/host-test/cli/iot-jobs.js", ...args);
	}

	clear(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}
