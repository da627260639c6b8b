import { Command } from "commander";
import type { Done } from "./command-options.js";
import type { SignOptions } from "./sign.js";

export function signCommand(done: Done): Command {
	return new Command("sign")
		.description("Print the document of a job that installs an image, with its size, SHA-256 and code signature.")
		.requiredOption("--image <file>", "the firmware image")
		.requiredOption(
			"--private-key <file>",
			"PEM: the signing key, P-256 or RSA; the device has the public key built in",
		)
		.option("--url <url>", "where devices fetch the image, or AWS's placeholder for a presigned URL")
		.option("--stream <id>", "the MQTT file stream with the image; given both, devices try the stream before the URL")
		.option("--file-id <number>", "the image's file in the stream", "0")
		.option("--afr-ota", "write the document in the form of AWS's OTA Update Manager")
		.option("--version <version>", "default: the version in the image")
		.action(async (options: SignOptions) => {
			const { sign } = await import("./sign.js");
			done(await sign(options));
		});
}
