import { Command } from "commander";
import type { Done } from "./command-options.js";

export function stopCommand(done: Done): Command {
	return new Command("stop")
		.description("End the emulator that uses a directory, and wait until its ports are free. None is no error.")
		.requiredOption("--dir <directory>", "as given to emulate")
		.action(async ({ dir }: { dir: string }) => {
			const { stop } = await import("./stop.js");
			done(await stop(dir));
		});
}
