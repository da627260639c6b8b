import { Command } from "commander";
import { FAULT_HELP } from "../emulator/faults/faults.js";
import {
	type Done,
	hostOption,
	mqttPortOption,
	outliveOption,
	policyOption,
	portOption,
	repeatable,
} from "./command-options.js";
import type { EmulateOptions } from "./emulate.js";

export function emulateCommand(done: Done): Command {
	return new Command("emulate")
		.description("Run a broker, a Jobs service and a dashboard, until interrupted.")
		.requiredOption("--dir <directory>", "keys, certificates, images and the state of the service; made on first use")
		.addOption(repeatable("--thing <name>", "a device, which gets a certificate; at least one"))
		.addOption(hostOption())
		.addOption(repeatable("--name <host>", "another host name of this machine, which clients use: see --host"))
		.addOption(mqttPortOption())
		.addOption(portOption("data-port", "HTTPS for devices", 8443))
		.addOption(portOption("control-port", "HTTP for the operator (aws --endpoint-url)", 8080))
		.addOption(portOption("page-port", "the dashboard, for a browser", 8081))
		.addOption(policyOption())
		.option(
			"--broker <url>",
			"an external broker instead of the embedded one: mqtts://HOST:PORT; its password may be in IOT_JOBS_BROKER_PASSWORD",
		)
		.option("--broker-ca <file>", "PEM: the CA of the external broker; default: the CA in --dir")
		.option(
			"--broker-certificate <file>",
			"PEM: the service's certificate at the external broker; default: one that the CA in --dir issues",
		)
		.option("--broker-private-key <file>", "PEM: the key of --broker-certificate")
		.option("--redis <url>", "join a cluster of brokers (see iot-jobs broker): redis://HOST:PORT")
		.option(
			"--access-key <id>",
			"accept only operator's requests that are signed (SigV4) by this key, and open the page to it only; needs --secret-key",
		)
		.option("--secret-key <secret>", "the secret of --access-key; or IOT_JOBS_SECRET_KEY in the environment")
		.addOption(repeatable("--fault <fault>", "a fault, see below"))
		.option("--seed <file>", "JSON: things, groups, jobs and faults at the start, and after each POST /reset")
		.addOption(outliveOption())
		.option("--json", "print the addresses as one line of JSON when all is ready, and nothing else")
		.addHelpText("after", `\n${FAULT_HELP}`)
		.action(async (options: EmulateOptions) => {
			const { emulate } = await import("./emulate.js");
			done(await emulate(options));
		});
}
