import { Command, Option } from "commander";
import { atLeast, chipOption, type Done, percent, repeatable } from "./command-options.js";
import type { SimulateOptions } from "./simulate.js";

export function simulateCommand(done: Done): Command {
	return new Command("simulate")
		.description(
			"Run a virtual device, or a fleet, with an emulator of its own or at --endpoint. With --document: until the job has ended.",
		)
		.option("--thing <name>", "the device's thing name")
		.option("--document <file>", "a job document (JSON): creates a job in the device's own emulator")
		.addOption(
			new Option("--engine <engine>", "the JavaScript engine of the agent").choices(["node", "xs"]).default("node"),
		)
		.addOption(chipOption("the device's chip: it boots images for no other"))
		.option("--dir <directory>", "where the device's flash is kept; default: a temporary directory")
		.option(
			"--endpoint <url>",
			"another service: mqtts://HOST:PORT, or https://HOST:PORT to poll the data plane; needs the next three options",
		)
		.option("--ca <file>", "PEM: the CA of the endpoint")
		.option("--certificate <file>", "PEM: the device's certificate")
		.option("--private-key <file>", "PEM: the device's RSA key")
		.option(
			"--code-signing-key <file>",
			"PEM: the public key of image signatures; the device then refuses unsigned images",
		)
		.option(
			"--subscribe-answers",
			"with --endpoint: subscribe to answers, for a broker other than AWS's that sends them to subscribers only",
		)
		.option(
			"--things <number>",
			"a fleet of this size with an emulator of its own; without --document its job is a firmware update",
			atLeast(1),
		)
		.option("--faulty <percent>", "with a fleet: the share of devices on which new firmware crashes", percent, 0)
		.option("--latency <ms>", "with --things: delays messages by up to this", atLeast(0), 0)
		.option("--abort <percent>", "with --things: the share of failures that cancels the job", percent)
		.addOption(repeatable("--fault <fault>", "with --things: a fault, see emulate --help"))
		.option(
			"--fleet <directory>",
			"with --endpoint and --ca: a device for each NAME.pem and NAME-key.pem in the directory, until interrupted",
		)
		.option("--jobs <number>", "with --fleet: end when each device has ended this number of executions", atLeast(1))
		.option("--json", "print events as lines of JSON")
		.action(async (options: SimulateOptions) => {
			const { simulate } = await import("./simulate.js");
			done(await simulate(options));
		});
}
