import { Command } from "commander";
import type { Done } from "./command-options.js";

export function buildXsCommand(done: Done): Command {
	return new Command("build-xs")
		.description("Build XS, the chip's JavaScript engine, for simulate --engine xs: needs make and gcc.")
		.action(async () => {
			const { buildXs } = await import("../xs/build.js");
			done(buildXs());
		});
}
