import { Command } from "commander";
import type { Done } from "./command-options.js";
import type { ProvisionOptions } from "./provision.js";

export function provisionCommand(done: Done): Command {
	return new Command("provision")
		.description(
			"Write what identifies a board (endpoint, thing name, CA, certificate, key) into files that its build includes.",
		)
		.requiredOption("--thing <name>", "the device's thing name")
		.option("--endpoint <host[:port]>", "the broker; see aws iot describe-endpoint --endpoint-type iot:Data-ATS")
		.option(
			"--api <url>",
			"create thing, certificate and policy there: https://iot.REGION.amazonaws.com, or the emulator's control address; it also tells the endpoint",
		)
		.option("--dir <directory>", "the emulator's directory, for a board that connects to the emulator")
		.option("--certificate <file>", "PEM: the device's certificate, as downloaded from AWS")
		.option("--private-key <file>", "PEM: the device's RSA key")
		.option("--ca <file>", "PEM: the CA of the endpoint; default, for AWS's endpoints: Amazon Root CA 1")
		.option(
			"--code-signing-key <file>",
			"PEM: the public key of image signatures, or its certificate; the board then refuses unsigned images",
		)
		.option("--wifi <name>", "the access point that the board joins")
		.option("--wifi-password <password>", "its password; or IOT_JOBS_WIFI_PASSWORD in the environment")
		.option(
			"--subscribe-answers",
			"subscribe to answers, for a broker other than AWS's that sends them to subscribers only",
		)
		.option("--out <directory>", "where the files are written", "credentials")
		.action(async (options: ProvisionOptions) => {
			const { provision } = await import("./provision.js");
			done(await provision(options));
		});
}
