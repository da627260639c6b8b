import { Command, Option } from "commander";
import { atLeast, chipOption, type Done } from "./command-options.js";
import type { ImageCommandOptions } from "./image.js";

export function imageCommand(done: Done): Command {
	return new Command("image")
		.description("Write a firmware image in ESP-IDF's format, with a made-up program: for virtual devices.")
		.requiredOption("--version <version>", "the version in its description")
		.requiredOption("--out <file>", "where to write it")
		.addOption(chipOption("the chip that it is for"))
		.option("--size <bytes>", "bytes of the program", atLeast(0, 16 << 20), 100_000)
		.addOption(new Option("--segments <number>", "its segments").choices(["3", "4", "5", "6", "7"]).default("5"))
		.option("--project <name>", "the project's name in its description", "iot-jobs")
		.option("--seed <number>", "another number makes another program", atLeast(1), 1)
		.option("--no-sha256", "append no SHA-256")
		.action(async (options: ImageCommandOptions) => {
			const { image } = await import("./image.js");
			done(await image(options));
		});
}
