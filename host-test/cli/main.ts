import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { packageRoot } from "../package-root.js";
import { brokerCommand } from "./broker-command.js";
import { buildXsCommand } from "./build-xs-command.js";
import { demoCommand } from "./demo-command.js";
import { emulateCommand } from "./emulate-command.js";
import { imageCommand } from "./image-command.js";
import { provisionCommand } from "./provision-command.js";
import { rotateCommand } from "./rotate-command.js";
import { signCommand } from "./sign-command.js";
import { simulateCommand } from "./simulate-command.js";
import { stopCommand } from "./stop-command.js";
import { UsageError } from "./usage-error.js";
import { validateCommand } from "./validate-command.js";
import { watchCommand } from "./watch-command.js";

/** In the order of `iot-jobs --help`. */
const COMMANDS = [
	...[emulateCommand, stopCommand, brokerCommand, simulateCommand, provisionCommand, rotateCommand, watchCommand],
	...[validateCommand, imageCommand, signCommand, demoCommand, buildXsCommand],
];

/** The `iot-jobs` command: parses the command line and runs the command that it names. @returns the exit code: 0 done, 1 failed, 2 usage error */
export async function run(argv: readonly string[]): Promise<number> {
	process.umask(0o077); // keys, passwords and documents are in what it writes
	let exitCode = 0;
	const program = new Command("iot-jobs")
		.description("AWS IoT Jobs on your own machine: a Jobs service, and virtual devices that run the real agent.")
		.exitOverride()
		.configureOutput({ outputError: () => undefined })
		.enablePositionalOptions() // a command may have a --version of its own
		.version(version(), "--version", "print the version")
		.showSuggestionAfterError();
	for (const command of COMMANDS) {
		const ended = (code: number) => {
			exitCode = code;
		};
		program.addCommand(command(ended).copyInheritedSettings(program));
	}
	try {
		await program.parseAsync(argv as string[]);
		return exitCode;
	} catch (error) {
		return explain(error);
	}
}

function version(): string {
	return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;
}

/** Prints one helpful line, never a stack trace. */
function explain(error: unknown): number {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return 0; // --help or --version
		if (error.code === "commander.help") return 2; // without a command: commander has printed the help
		process.stderr.write(`iot-jobs: ${error.message.replace(/^error: /, "").replaceAll("\n", " ")}\n`);
		return 2;
	}
	const message = error instanceof Error ? error.message : String(error);
	process.stderr.write(`iot-jobs: ${message.replaceAll("\n", " ")}\n`);
	return error instanceof UsageError ? 2 : 1;
}
