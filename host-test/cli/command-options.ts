import { InvalidArgumentError, Option } from "commander";
import { CHIP_NAMES } from "../device/chips.js";

/** Called with the exit code when a command has ended: 0 done, 1 failed. */
export type Done = (exitCode: number) => void;

/** An option that may be repeated: its value is the list of all. */
export function repeatable(flags: string, what: string): Option {
	return new Option(flags, `${what}; may be repeated`)
		.argParser((value: string, before: string[]) => [...before, value])
		.default([], "none");
}

export function percent(text: string): number {
	const value = Number(text);
	if (text !== "" && value >= 0 && value <= 100) return value;
	throw new InvalidArgumentError("a share is from 0 to 100.");
}

export function atLeast(min: number, max = 999_999): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (/^\d{1,8}$/.test(text) && value >= min && value <= max) return value;
		throw new InvalidArgumentError(`a whole number, ${min} or more.`);
	};
}

export const chipOption = (what: string) => new Option("--chip <chip>", what).choices(CHIP_NAMES).default("esp32");

function port(text: string): number {
	const value = Number(text);
	if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
	throw new InvalidArgumentError("a port is a whole number from 0 to 65535.");
}

export function portOption(name: string, what: string, usual: number): Option {
	return new Option(`--${name} <port>`, `${what}; 0 takes a free port`).argParser(port).default(usual);
}

export const mqttPortOption = () => portOption("mqtt-port", "MQTT over mutual TLS", 8883);

export const hostOption = () =>
	new Option("--host <address>", "the address to listen on, and a name in the server's certificate").default(
		"127.0.0.1",
	);

export const outliveOption = () =>
	new Option("--outlive", "go on when the process that started it has ended, such as a step of a CI job");

export const policyOption = () =>
	repeatable(
		"--policy <name=file>",
		"an AWS IoT policy (JSON) for the certificate of a thing, instead of the default policy for devices",
	);
