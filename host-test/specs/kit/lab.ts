import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../../clock.js";
import { type Credentials, readCredentials } from "../../device/credentials.js";
import { VirtualDevice, type VirtualDeviceOptions } from "../../device/virtual-device.js";
import { Emulator, type EmulatorOptions } from "../../emulator/emulator.js";

/** One directory for all specs of a run: keys are made once. */
const shared = mkdtempSync(join(tmpdir(), "iot-jobs-specs-"));
process.on("exit", () => rmSync(shared, { recursive: true, force: true }));

export const keyDirectory = join(shared, "emulator");

/** A workbench for one test: what is put on it is cleared away by `clear`. */
export class Lab {
	readonly clock = new VirtualClock();
	readonly #emulators: Emulator[] = [];
	readonly #devices: VirtualDevice[] = [];
	#count = 0;

	async emulator(options: Partial<EmulatorOptions> = {}): Promise<TestEmulator> {
		const clock = new VirtualClock(this.clock.now());
		clock.hold(); // the service's time moves by hand only
		const emulator = await Emulator.start({ directory: keyDirectory, things: ["alpha"], clock, ...options });
		emulator.service.setMaxListeners(0); // a listener for each job whose history is watched
		this.#emulators.push(emulator);
		return Object.assign(emulator, { clock });
	}

	async device(
		emulator: Emulator,
		options: Partial<VirtualDeviceOptions> & { thing?: string } = {},
	): Promise<TestDevice> {
		const { thing = "alpha", ...rest } = options;
		const { mqtt } = emulator.addresses;
		return await this.deviceAt(mqtt.host, mqtt.port, {
			credentials: credentialsOf(emulator, thing),
			...rest,
			config: { thingName: thing, ...rest.config },
		});
	}

	async deviceAt(
		host: string,
		port: number,
		options: Partial<VirtualDeviceOptions> & Pick<VirtualDeviceOptions, "credentials">,
	): Promise<TestDevice> {
		this.#count += 1;
		const device = await VirtualDevice.create({
			directory: mkdtempSync(join(shared, `flash-${this.#count}-`)),
			clock: this.clock,
			...options,
			config: { thingName: "alpha", host, port, ...options.config },
		});
		this.#devices.push(device);
		return Object.assign(device, watch(device));
	}

	/** Time passes for the devices, little by little, until something has happened. */
	async passing<T>(event: Promise<T>, ms = 1_000): Promise<T> {
		const timer = setInterval(() => this.clock.advance(ms), 5);
		try {
			return await event;
		} finally {
			clearInterval(timer);
		}
	}

	/** Hours go by for the devices and the service, a minute at a time. @param each is done every quarter of an hour */
	async passHours(emulator: TestEmulator, hours: number, each: () => void = () => undefined): Promise<void> {
		for (let minute = 1; minute <= hours * 60; minute += 1) {
			this.clock.advance(60_000);
			emulator.clock.advance(60_000);
			if (minute % 15 === 0) each();
			await turns(10);
		}
	}

	async clear(): Promise<void> {
		for (const device of this.#devices) device.cutPower();
		await Promise.all(this.#emulators.map((emulator) => emulator.close()));
	}
}

/** Its clock moves by hand. */
export type TestEmulator = Emulator & { readonly clock: VirtualClock };

interface Watched {
	/** Lines of the serial console. */
	readonly lines: string[];
	/** How often the machine ended by an exception. */
	aborts: number;
	/** When the console has said this; from the start, unless `from` says since which line. */
	said(pattern: RegExp, from?: number): Promise<string>;
}

export type TestDevice = VirtualDevice & Watched;

function watch(device: VirtualDevice): Watched {
	const lines: string[] = [];
	const watched: Watched = {
		lines,
		aborts: 0,
		said: (pattern, from = 0) =>
			new Promise((resolve) => {
				const found = lines.slice(from).find((line) => pattern.test(line));
				if (found !== undefined) return resolve(found);
				const listener = (text: string) => {
					if (!pattern.test(text)) return;
					device.off("trace", listener);
					resolve(text.trimEnd());
				};
				device.on("trace", listener);
			}),
	};
	device.on("trace", (text) => lines.push(text.trimEnd()));
	device.on("reset", (reason) => {
		if (reason === "abort") (device as TestDevice).aborts += 1;
	});
	return watched;
}

export function credentialsOf(emulator: Emulator, thing = "alpha"): Credentials {
	const files = emulator.addresses.things[thing];
	if (files === undefined) throw new Error(`no thing ${thing}`);
	return readCredentials({ ca: emulator.addresses.ca, ...files });
}

/** PEM, for clients that want it so. */
export function pemOf(emulator: Emulator, thing = "alpha"): { ca: Buffer; cert: Buffer; key: Buffer } {
	const files = emulator.addresses.things[thing];
	if (files === undefined) throw new Error(`no thing ${thing}`);
	const { ca } = emulator.addresses;
	return { ca: readFileSync(ca), cert: readFileSync(files.certificate), key: readFileSync(files.privateKey) };
}

/** Lets what is under way go on until nothing happens any more: a number of turns of the event loop, no time. */
export async function turns(count = 20): Promise<void> {
	for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
