import { Command } from "commander";
import type { Done } from "./command-options.js";
import type { RotateOptions } from "./rotate.js";

export function rotateCommand(done: Done): Command {
	return new Command("rotate")
		.description("Print the document of a job that replaces a device's certificate and key. It contains the key.")
		.requiredOption("--certificate <file>", "PEM: the new certificate, as create-keys-and-certificate returns it")
		.requiredOption("--private-key <file>", "PEM: its RSA key")
		.option("--url <url>", "where devices fetch certificate and key; the document then does not contain them")
		.option("--out <file>", "with --url: the file to put there")
		.action(async (options: RotateOptions) => {
			const { rotate } = await import("./rotate.js");
			done(await rotate(options));
		});
}
