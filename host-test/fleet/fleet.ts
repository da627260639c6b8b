import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.js";
import type { Credentials } from "../device/credentials.js";
import { makeImage } from "../device/image.js";
import { VirtualDevice } from "../device/virtual-device.js";

export interface FleetThing {
	readonly thingName: string;
	readonly credentials: Credentials;
}

export interface FleetOptions {
	/** The MQTT endpoint. */
	readonly host: string;
	readonly port: number;
	readonly things: Iterable<FleetThing> | AsyncIterable<FleetThing>;
	/** How many things there will be. */
	readonly size: number;
	/** Where the flash of the devices is kept. */
	readonly directory: string;
	readonly clock: Clock;
	/** Percent of the devices on which every image but the first crashes. */
	readonly faultyPercent?: number;
	/** See `MqttAgentOptions.subscribeAnswers`. */
	readonly subscribeAnswers?: boolean;
	/** Called with the number of devices made so far. */
	readonly onMade?: (count: number) => void;
}

/** Processor time of one TLS handshake, both ends together. Devices are not switched on, and do not reconnect, faster than that. */
const HANDSHAKE_MS = 20;
/** The service rolls a job out to 1,000 things a minute: at most so many devices reset at the same time. */
const ROLLOUT_PER_MINUTE = 1_000;

/** Many virtual devices in one process, in Node.js, each with flash, power and a certificate of its own. */
export class Fleet {
	readonly devices: readonly VirtualDevice[];
	storageWrites = 0;
	flashWrites = 0;
	readonly #clock: Clock;
	/** Cancel the switching on of devices that have no power yet. */
	#waiting: (() => void)[] = [];

	private constructor(devices: readonly VirtualDevice[], clock: Clock) {
		this.devices = devices;
		this.#clock = clock;
		for (const device of devices) {
			device.on("operation", (kind) => {
				if (kind === "storage") this.storageWrites += 1;
				else if (kind === "flash") this.flashWrites += 1;
			});
		}
	}

	/** Makes the devices, which have no power yet. */
	static async make(options: FleetOptions): Promise<Fleet> {
		const { host, port, things, size, directory, clock, faultyPercent = 0, subscribeAnswers = false } = options;
		const startJitterMs = Math.min(size, ROLLOUT_PER_MINUTE) * HANDSHAKE_MS;
		const factoryImage = makeImage({ version: "1.0.0", programBytes: 1_000 });
		const crash = () => {
			throw new Error("the new firmware is broken");
		};
		const devices: VirtualDevice[] = [];
		for await (const { thingName, credentials } of things) {
			const flash = join(directory, encodeURIComponent(thingName));
			mkdirSync(flash, { recursive: true });
			// Spread evenly, and the same devices each time.
			const isFaulty =
				Math.floor((devices.length * faultyPercent) / 100) < Math.floor(((devices.length + 1) * faultyPercent) / 100);
			const device = await VirtualDevice.create({
				directory: flash,
				clock,
				factoryImage,
				config: { thingName, host, port, startJitterMs, subscribeAnswers },
				credentials,
				program: ({ version }) => (isFaulty && version !== "1.0.0" ? crash : undefined),
			});
			devices.push(device);
			options.onMade?.(devices.length);
		}
		return new Fleet(devices, clock);
	}

	powerOn(): void {
		this.#waiting = this.devices.map((device, i) => this.#clock.after(i * HANDSHAKE_MS, () => device.powerOn()));
	}

	powerOff(): void {
		for (const cancel of this.#waiting) cancel();
		for (const device of this.devices) device.cutPower();
	}
}
