import { Command } from "commander";
import type { BrokerCommandOptions } from "./broker.js";
import { type Done, hostOption, mqttPortOption, outliveOption, policyOption } from "./command-options.js";

export function brokerCommand(done: Done): Command {
	return new Command("broker")
		.description("Run one more broker for the cluster of emulate --redis, until interrupted.")
		.requiredOption("--dir <directory>", "the emulator's directory, or a copy of it")
		.requiredOption("--redis <url>", "the Redis server of the cluster: redis://HOST:PORT")
		.addOption(hostOption())
		.addOption(mqttPortOption())
		.addOption(policyOption())
		.addOption(outliveOption())
		.option("--json", "print the address as one line of JSON, and nothing else")
		.action(async (options: BrokerCommandOptions) => {
			const { broker } = await import("./broker.js");
			done(await broker(options));
		});
}
