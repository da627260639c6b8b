import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../cli/iot-jobs.js", import.meta.url));

/** A command of `iot-jobs`, as its own `--help` tells it. */
export interface CommandHelp {
	readonly name: string;
	readonly usage: string;
	readonly description: string;
	readonly options: readonly { readonly flags: string; readonly text: string }[];
	/** What stands below the options, as it is. */
	readonly rest: string;
}

/** Every command, in the order of `iot-jobs --help`. */
export async function commandHelps(): Promise<CommandHelp[]> {
	const names = [...(await help()).matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1] as string);
	return await Promise.all(names.filter((name) => name !== "help").map(async (name) => read(name, await help(name))));
}

/** In a pipe, so that the width of somebody's terminal does not count. */
async function help(...command: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)(process.execPath, [program, ...command, "--help"]);
	return stdout;
}

function read(name: string, text: string): CommandHelp {
	const [head = "", tail = ""] = text.split("Options:\n");
	const [usage = "", ...description] = head.split("Arguments:")[0]?.trim().split("\n\n") ?? [];
	const [options = "", ...rest] = tail.split("\n\n");
	// A description that goes on in the next line is indented further than the next option.
	const rows = options
		.replace(/\n {3,}/g, " ")
		.split("\n")
		.map((row) => /^ {2}(\S.*?) {2,}(.*)$/.exec(row));
	return {
		name,
		usage: usage.replace("Usage: ", ""),
		description: description.join(" "),
		options: rows
			.flatMap((row) => (row === null ? [] : [{ flags: row[1] as string, text: row[2] as string }]))
			.filter(({ flags }) => !flags.includes("--help")),
		rest: rest.join("\n\n").trimEnd(),
	};
}
