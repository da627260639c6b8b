import { Command } from "commander";
import type { Done } from "./command-options.js";
import type { WatchOptions } from "./watch.js";

export function watchCommand(done: Done): Command {
	return new Command("watch")
		.description("Show the emulator's dashboard on a terminal; in a pipe, print a line for each event.")
		.option("--page <url>", "the dashboard's address, as emulate prints it", "http://127.0.0.1:8081/")
		.action(async (options: WatchOptions) => {
			const { watch } = await import("./watch.js");
			done(await watch(options));
		});
}
