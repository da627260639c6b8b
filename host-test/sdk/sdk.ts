import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The Moddable SDK of this machine, which the environment names by MODDABLE; its tools need not be on the PATH. */
export function findSdk(env: NodeJS.ProcessEnv = process.env): Sdk | undefined {
	const { MODDABLE } = env;
	if (MODDABLE === undefined || MODDABLE === "") return undefined;
	const tools = join(MODDABLE, "build/bin/lin/release");
	if (!existsSync(join(tools, "mcconfig"))) throw new Error(`no mcconfig in ${tools}: run the SDK's make first`);
	const path = [tools, env.PATH, join(root, "node_modules/.bin")].join(delimiter);
	return new Sdk(MODDABLE, tools, { ...env, PATH: path });
}

export interface BuildOptions {
	/** As mcconfig names it: `lin`, `esp32/esp32c3`. */
	readonly target: string;
	/** The manifest's path. */
	readonly manifest: string;
	/** A folder for what the build writes; made where it is missing. */
	readonly output: string;
	readonly debug?: boolean;
	/** With the SDK's instrumentation, without a debugger. */
	readonly instrument?: boolean;
	/** `name=value` for the manifest's `config`. */
	readonly settings?: readonly string[];
}

export interface Build {
	readonly status: number;
	/** All that the tools have printed. */
	readonly text: string;
	/** Where mcconfig has put what it makes: manifest_flat.json, makefile, mc.xs.c. */
	readonly directory: string;
	/** For `lin`: what mcsim runs. */
	readonly program: string;
}

export class Sdk {
	readonly directory: string;
	readonly mcsim: string;
	readonly env: NodeJS.ProcessEnv;

	constructor(directory: string, tools: string, env: NodeJS.ProcessEnv) {
		this.directory = directory;
		this.mcsim = join(tools, "mcsim");
		this.env = env;
	}

	/** The SDK says it by its tags alone. */
	get version(): string {
		const { stdout } = spawnSync("git", ["-C", this.directory, "describe", "--tags", "--always"], { encoding: "utf8" });
		return stdout.trim();
	}

	/** mcconfig without the build. @returns the make file that it writes, or undefined where it refuses the manifest */
	async configure(options: BuildOptions): Promise<string | undefined> {
		const { target, manifest, output, debug = false } = options;
		mkdirSync(output, { recursive: true });
		const args = ["-o", output, "-p", target, manifest];
		const { status } = await this.#run("mcconfig", debug ? ["-d", ...args] : args);
		const { directory } = placesOf(options);
		return status === 0 ? readFileSync(join(directory, "makefile"), "utf8") : undefined;
	}

	/**
	 * Builds an app: for `lin` all of it; for a chip its JavaScript half, from tsc to xsl, which needs no ESP-IDF. The last step is
	 * always done, since it is the one that warns.
	 */
	async build(options: BuildOptions): Promise<Build> {
		const { target, manifest, output, debug = false, instrument = false, settings = [] } = options;
		mkdirSync(output, { recursive: true });
		const { directory, program } = placesOf(options);
		rmSync(join(directory, "mc.xs.c"), { force: true });
		const args = [
			...(debug ? ["-d"] : []),
			...(instrument ? ["-i"] : []),
			"-o",
			output,
			"-p",
			target,
			...settings,
			manifest,
		];
		if (target === "lin") {
			return { ...(await this.#run("mcconfig", ["-m", "-t", "build", ...args])), directory, program };
		}
		const made = await this.#run("mcconfig", args);
		if (made.status !== 0) return { ...made, directory, program };
		// The make file wants ESP-IDF's configuration before it runs xsl, which does not read it.
		const project = join(directory, readdirSync(directory).find((one) => one.startsWith("xsProj-")) ?? "");
		const config = join(project, "build/config/sdkconfig.h");
		const idf = this.env.IDF_PATH ?? noIdf(output);
		const sources = join(directory, "mc.xs.c");
		const linked = await this.#run("make", ["-j4", "-f", join(directory, "makefile"), "-o", config, sources], {
			IDF_PATH: idf,
		});
		return { status: linked.status, text: made.text + linked.text, directory, program };
	}

	async #run(command: string, args: readonly string[], env = {}): Promise<{ status: number; text: string }> {
		return await new Promise((resolve, reject) => {
			const child = spawn(command, args, { cwd: root, env: { ...this.env, ...env } });
			let text = "";
			child.stdout.on("data", (data) => {
				text += data;
			});
			child.stderr.on("data", (data) => {
				text += data;
			});
			child.on("error", reject);
			child.on("close", (status) => resolve({ status: status ?? -1, text }));
		});
	}
}

function placesOf(options: BuildOptions): { directory: string; program: string } {
	const { target, manifest, output, debug = false, instrument = false } = options;
	const [platform = "", board] = target.split("/");
	const mode = debug ? "debug" : instrument ? "instrument" : "release";
	const at = [platform, platform === "lin" ? "mc" : (board ?? ""), mode, basename(dirname(manifest))];
	return { directory: join(output, "tmp", ...at), program: join(output, "bin", ...at, "mc.so") };
}

/** All that the JavaScript half asks of ESP-IDF is its version, which it reads from the repository's tag. */
function noIdf(output: string): string {
	const directory = join(output, "esp-idf");
	if (existsSync(join(directory, ".git"))) return directory;
	mkdirSync(directory, { recursive: true });
	const git = (...args: string[]) => {
		const identity = ["-c", "user.name=none", "-c", "user.email=none@example.com"];
		const { status, stderr } = spawnSync("git", ["-C", directory, ...identity, ...args], { encoding: "utf8" });
		if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
	};
	git("init", "-q");
	git("commit", "-q", "--allow-empty", "-m", "no ESP-IDF");
	git("tag", "-a", "v6.0", "-m", "v6.0");
	return directory;
}
