import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { FAULT_HELP } from "../emulator/faults/faults.js";
import type { BrokerCommandOptions } from "./broker.js";
import type { EmulateOptions } from "./emulate.js";
import type { ProvisionOptions } from "./provision.js";
import type { RotateOptions } from "./rotate.js";
import type { SignOptions } from "./sign.js";
import type { SimulateOptions } from "./simulate.js";
import { UsageError } from "./usage-error.js";
import type { WatchOptions } from "./watch.js";

/** Parses the command line and runs it; a command's code is loaded when it is called for. @returns the exit code: 0 done, 1 failed, 2 asked wrongly */
export async function run(argv: readonly string[]): Promise<number> {
	let result = 0;
	const program = new Command("iot-jobs")
		.description("An AWS IoT Jobs service on this machine, and virtual devices that run the real agent against it.")
		.exitOverride()
		.configureOutput({ outputError: () => undefined })
		.showSuggestionAfterError();
	emulateCommand(program).action(async (options: EmulateOptions) => {
		const { emulate } = await import("./emulate.js");
		result = await emulate(options);
	});
	brokerCommand(program).action(async (options: BrokerCommandOptions) => {
		const { broker } = await import("./broker.js");
		result = await broker(options);
	});
	simulateCommand(program).action(async (options: SimulateOptions) => {
		const { simulate } = await import("./simulate.js");
		result = await simulate(options);
	});
	provisionCommand(program).action(async (options: ProvisionOptions) => {
		const { provision } = await import("./provision.js");
		result = await provision(options);
	});
	rotateCommand(program).action(async (options: RotateOptions) => {
		const { rotate } = await import("./rotate.js");
		result = await rotate(options);
	});
	watchCommand(program).action(async (options: WatchOptions) => {
		const { watch } = await import("./watch.js");
		result = await watch(options);
	});
	validateCommand(program).action(async (files: string[]) => {
		const { validate } = await import("./validate.js");
		result = await validate(files);
	});
	signCommand(program).action(async (options: SignOptions) => {
		const { sign } = await import("./sign.js");
		result = await sign(options);
	});
	program
		.command("demo")
		.description("Show a firmware job from end to end: emulator, virtual device, OTA, reboot, SUCCEEDED (npm start).")
		.action(async () => {
			const { demo } = await import("./demo.js");
			result = await demo();
		});
	try {
		await program.parseAsync(argv as string[]);
		return result;
	} catch (error) {
		return explain(error);
	}
}

function emulateCommand(program: Command): Command {
	return program
		.command("emulate")
		.description("Start broker and Jobs service, and run until interrupted.")
		.requiredOption("--dir <directory>", "where keys, certificates and images are; made on first use")
		.requiredOption("--thing <name>", "a device, with a certificate of its own; repeat for more", collect, [])
		.option("--host <address>", "the address to listen on, and a name in the server's certificate", "127.0.0.1")
		.option("--mqtt-port <port>", "MQTT over mutual TLS; 0 takes a free port", port, 8883)
		.option("--data-port <port>", "HTTPS for devices; 0 takes a free port", port, 8443)
		.option("--control-port <port>", "HTTP for the operator (aws --endpoint-url); 0 takes a free port", port, 8080)
		.option("--page-port <port>", "a page for a browser, that shows what happens; 0 takes a free port", port, 8081)
		.option(
			"--policy <name=file>",
			"an AWS IoT policy (JSON) for the certificate of a thing, in place of what a device needs; repeat for more",
			collect,
			[],
		)
		.option(
			"--broker <url>",
			"a broker that runs elsewhere, in place of the embedded one: mqtts://HOST:PORT; its password may be in IOT_JOBS_BROKER_PASSWORD",
		)
		.option("--redis <url>", "share the embedded broker's clients with others (iot-jobs broker): redis://HOST:PORT")
		.option("--broker-ca <file>", "PEM: the CA of that broker; default: the one in --dir")
		.option("--broker-certificate <file>", "PEM: what the service shows it; default: one of the CA in --dir")
		.option("--broker-private-key <file>", "PEM: the key of --broker-certificate")
		.option(
			"--access-key <id>",
			"demand that the operator's requests are signed (SigV4) by this key; needs --secret-key",
		)
		.option("--secret-key <secret>", "the other half of --access-key; or IOT_JOBS_SECRET_KEY in the environment")
		.option("--fault <fault>", "what goes wrong, see below; repeat for more", collect, [])
		.option("--json", "print the addresses as one line of JSON when all is ready, and nothing else")
		.addHelpText("after", `\n${FAULT_HELP}`);
}

function brokerCommand(program: Command): Command {
	return program
		.command("broker")
		.description(
			"Start one broker more beside that of emulate --redis, with the keys in its directory, until interrupted.",
		)
		.requiredOption("--dir <directory>", "the emulator's directory, or a copy of it")
		.requiredOption("--redis <url>", "the server that the brokers share: redis://HOST:PORT")
		.option("--host <address>", "the address to listen on, and a name in the server's certificate", "127.0.0.1")
		.option("--mqtt-port <port>", "MQTT over mutual TLS; 0 takes a free port", port, 8883)
		.option(
			"--policy <name=file>",
			"an AWS IoT policy (JSON) for the certificate of a thing; repeat for more",
			collect,
			[],
		)
		.option("--json", "print the address as one line of JSON, and nothing else");
}

function simulateCommand(program: Command): Command {
	return program
		.command("simulate")
		.description(
			"Run a virtual device, against an emulator of its own or against --endpoint. With --document: until the job has ended.",
		)
		.option("--thing <name>", "the device's thing name")
		.option(
			"--things <number>",
			"a fleet of so many devices in place of one; without --document it gets a firmware",
			atLeast(1),
		)
		.option(
			"--fleet <directory>",
			"with --endpoint and --ca: a device for each NAME.pem and NAME-key.pem there, until interrupted",
		)
		.option("--jobs <number>", "with --fleet: until each device has ended so many executions", atLeast(1))
		.option("--faulty <percent>", "of a fleet: devices that crash with a new firmware", percent, 0)
		.option("--latency <ms>", "with --things: messages are late by up to this", atLeast(0), 0)
		.option("--abort <percent>", "with --things: the share of failures at which the job is cancelled", percent)
		.option("--fault <fault>", "with --things: what goes wrong, as emulate --help has it; repeat for more", collect, [])
		.option("--dir <directory>", "where the device's flash is kept; without it the device forgets all at the end")
		.option("--document <file>", "a job document (JSON) to create a job with, in the emulator of its own")
		.addOption(new Option("--engine <engine>", "what runs the agent").choices(["node", "xs"]).default("node"))
		.option(
			"--endpoint <url>",
			"another service: mqtts://HOST:PORT, or https://HOST:PORT to poll the data plane; needs the three files below",
		)
		.option("--ca <file>", "PEM: the CA of the endpoint")
		.option("--certificate <file>", "PEM: the device's certificate")
		.option("--private-key <file>", "PEM: the device's RSA key")
		.option(
			"--code-signing-key <file>",
			"PEM: the public key whose images the device trusts; unsigned ones are then refused",
		)
		.option("--subscribe-answers", "with --endpoint: for a broker that is not AWS's, and answers subscribers alone")
		.option("--json", "print events as lines of JSON");
}

function provisionCommand(program: Command): Command {
	return program
		.command("provision")
		.description(
			"Put a device's endpoint, thing name, CA, certificate and key where the manifest builds them into a board.",
		)
		.requiredOption("--thing <name>", "the device's thing name")
		.option("--endpoint <host[:port]>", "the broker: what aws iot describe-endpoint --endpoint-type iot:Data-ATS says")
		.option(
			"--api <url>",
			"make thing, certificate and policy: https://iot.REGION.amazonaws.com, or the emulator's control face; it tells the endpoint",
		)
		.option("--dir <directory>", "the emulator's directory, for a board that speaks to the emulator")
		.option("--certificate <file>", "PEM: the device's certificate, as downloaded from AWS")
		.option("--private-key <file>", "PEM: the device's RSA key")
		.option("--ca <file>", "PEM: the CA of the endpoint; default, for AWS's endpoints: Amazon Root CA 1")
		.option(
			"--code-signing-key <file>",
			"PEM: the public key, or its certificate, whose images are trusted; unsigned ones are then refused",
		)
		.option("--wifi <name>", "the access point that the board joins")
		.option("--wifi-password <password>", "its password; or IOT_JOBS_WIFI_PASSWORD in the environment")
		.option("--subscribe-answers", "for a broker that is not AWS's, and answers subscribers alone")
		.option("--out <directory>", "where the files go", "credentials");
}

function watchCommand(program: Command): Command {
	return program
		.command("watch")
		.description("Show on a terminal what the emulator's page shows; in a pipe, a line for each thing that happens.")
		.option("--page <url>", "the page's address, as emulate prints it", "http://127.0.0.1:8081/");
}

function validateCommand(program: Command): Command {
	return program
		.command("validate")
		.description("Check job documents for the operations that come built in; what is wrong is told with its line.")
		.argument("<file...>", "job documents, JSON");
}

function rotateCommand(program: Command): Command {
	return program
		.command("rotate")
		.description("Print the document of a job that gives a device another certificate and key. It holds the key.")
		.requiredOption("--certificate <file>", "PEM: the new certificate, as create-keys-and-certificate made it")
		.requiredOption("--private-key <file>", "PEM: its RSA key")
		.option("--url <url>", "where devices will fetch certificate and key: the document then does not hold them")
		.option("--out <file>", "with --url: the file to put there");
}

function signCommand(program: Command): Command {
	return program
		.command("sign")
		.description("Print the document of a job that installs an image: its size, its SHA-256, and a code signature.")
		.requiredOption("--image <file>", "the firmware image")
		.requiredOption(
			"--private-key <file>",
			"PEM: the key that signs, P-256 or RSA; the device has its public half built in",
		)
		.option("--url <url>", "where devices fetch the image, or AWS's placeholder for a presigned URL")
		.option(
			"--stream <id>",
			"the MQTT file stream that has the image; with --url as well, devices take the stream first",
		)
		.option("--file-id <number>", "the image's file in the stream", "0")
		.option("--afr-ota", "write the document in the form of AWS's OTA Update Manager")
		.option("--version <version>", "default: the one in the image");
}

function collect(value: string, before: string[]): string[] {
	return [...before, value];
}

function percent(text: string): number {
	const value = Number(text);
	if (text !== "" && value >= 0 && value <= 100) return value;
	throw new InvalidArgumentError("a share is from 0 to 100.");
}

function atLeast(min: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (/^\d{1,6}$/.test(text) && value >= min) return value;
		throw new InvalidArgumentError(`a whole number, ${min} or more.`);
	};
}

function port(text: string): number {
	const value = Number(text);
	if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
	throw new InvalidArgumentError("a port is a whole number from 0 to 65535.");
}

/** One helpful line, never a stack trace. */
function explain(error: unknown): number {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return 0; // help or version was asked for
		if (error.code === "commander.help") return 2; // no command was given: commander has shown the help
		process.stderr.write(`iot-jobs: ${error.message.replace(/^error: /, "").replaceAll("\n", " ")}\n`);
		return 2;
	}
	const message = error instanceof Error ? error.message : String(error);
	process.stderr.write(`iot-jobs: ${message.replaceAll("\n", " ")}\n`);
	return error instanceof UsageError ? 2 : 1;
}
