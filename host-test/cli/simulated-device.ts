import { join } from "node:path";
import { realClock } from "../clock.js";
import type { ChipName } from "../device/chips.js";
import { type CredentialFiles, readCredentials } from "../device/credentials.js";
import { VirtualDevice } from "../device/virtual-device.js";
import type { Machine } from "../machine/machine.js";
import { packageRoot } from "../package-root.js";
import { findXs, prepareXsApp, xsProgram } from "../xs/xs-app.js";
import { readCodeSigningKey } from "./sign.js";

export type Engine = "node" | "xs";

/** Which of the agent's two links the device uses. */
export type LinkKind = "mqtt" | "https";

export interface SimulatedDevice {
	readonly thing: string;
	/** Where its flash is kept. */
	readonly directory: string;
	readonly host: string;
	readonly port: number;
	readonly link: LinkKind;
	readonly files: CredentialFiles;
	readonly engine: Engine;
	readonly chip?: ChipName | undefined;
	/** A file: the public key of image signatures. */
	readonly codeSigningKey: string | undefined;
	readonly subscribeAnswers?: boolean | undefined;
}

/** How often a device asks over HTTPS. The agent's default is minutes, which nobody wants to watch. */
const POLL_MS = 5_000;

/** The virtual device of `iot-jobs simulate` and of the demo, without power yet. */
export async function makeSimulatedDevice(options: SimulatedDevice): Promise<VirtualDevice> {
	const { thing, directory, host, port, files, chip, subscribeAnswers = false } = options;
	const program = await programOf(options);
	const codeSigningKey = options.codeSigningKey && readCodeSigningKey(options.codeSigningKey);
	const requireSignature = codeSigningKey !== undefined;
	return await VirtualDevice.create({
		program: () => program,
		...(chip && { chip }),
		directory: join(directory, "flash"),
		clock: realClock,
		config: { thingName: thing, host, port, startJitterMs: 0, pollMs: POLL_MS, requireSignature, subscribeAnswers },
		credentials: { ...readCredentials(files), codeSigningKey: codeSigningKey as Uint8Array | undefined },
	});
}

async function programOf({ link, engine, directory }: SimulatedDevice): Promise<(machine: Machine) => void> {
	const xs = engine === "xs" ? findXs() : undefined;
	if (xs === undefined) {
		return link === "mqtt"
			? (await import("../../src/app/main.js")).default
			: (await import("../../examples/https/main.js")).default;
	}
	const main = link === "mqtt" ? "src/app/main.ts" : "examples/https/main.ts";
	return xsProgram(await prepareXsApp(xs, join(directory, "xs"), { main: join(packageRoot, main) }));
}
