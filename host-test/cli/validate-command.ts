import { Command } from "commander";
import type { Done } from "./command-options.js";

export function validateCommand(done: Done): Command {
	return new Command("validate")
		.description("Check job documents for the built-in operations; each problem is reported with its line.")
		.argument("<file...>", "job documents, JSON")
		.action(async (files: string[]) => {
			const { validate } = await import("./validate.js");
			done(await validate(files));
		});
}
