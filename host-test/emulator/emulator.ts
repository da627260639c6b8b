import type { ImageServer } from "./api/image-server.js";
import { checkThingName } from "./base/names.js";
import type { ServiceBroker } from "./broker/service-broker.js";
import type { Faults } from "./faults/faults.js";
import type { Pair } from "./identity/pki.js";
import { DEVICE_POLICY } from "./identity/policy.js";
import type { JobsService } from "./jobs/service.js";
import type { EmulatorAddresses, EmulatorOptions } from "./options.js";
import { createThings, makeParts, type Parts } from "./parts.js";
import type { Streams } from "./registry/streams.js";
import type { Registry } from "./registry/things.js";
import { reset } from "./reset.js";
import { applySeed } from "./seed.js";
import { type Servers, startServers } from "./servers.js";
import { wire } from "./wire.js";

export type { BrokerAddress, EmulatorAddresses, EmulatorOptions } from "./options.js";

/** Broker and Jobs service in one process: what `iot-jobs emulate` runs, and what tests start by `import`. */
export class Emulator {
	readonly addresses: EmulatorAddresses;
	/** What it is made of, for who needs more than is below. */
	readonly parts: Parts;
	readonly #servers: Servers;
	/** Back to what was there at the start. */
	readonly reset: () => Promise<void>;

	private constructor(addresses: EmulatorAddresses, parts: Parts, servers: Servers, back: () => Promise<void>) {
		this.reset = back;
		this.addresses = addresses;
		this.parts = parts;
		this.#servers = servers;
	}

	static async start(options: EmulatorOptions): Promise<Emulator> {
		for (const thingName of options.things) checkThingName(thingName);
		const parts = await makeParts(options);
		try {
			const things = await createThings(options, parts);
			const servers = await startServers(options, parts);
			const { host, broker, data, control } = servers;
			wire(parts, broker);
			applySeed(options.seed, parts);
			const addresses = {
				mqtt: { host: broker.host, port: broker.port },
				data: { url: `https://${host}:${data.port}` },
				control: { url: `http://${host}:${control.port}` },
				ca: parts.pki.caFile,
				things,
			};
			return new Emulator(addresses, parts, servers, () => reset(options, parts));
		} catch (error) {
			await parts.store?.close();
			throw error;
		}
	}

	get service(): JobsService {
		return this.parts.service;
	}

	/** Things and groups. */
	get registry(): Registry {
		return this.parts.registry;
	}

	get broker(): ServiceBroker {
		return this.#servers.broker;
	}

	/** What goes wrong on demand. */
	get faults(): Faults {
		return this.parts.faults;
	}

	/** The server of the files in `imageDirectory`, and what goes wrong with it. */
	get images(): ImageServer {
		return this.parts.images;
	}

	/** File streams over MQTT, of the files in `imageDirectory`. */
	get streams(): Streams {
		return this.parts.streams;
	}

	/** Files here are served at `<data.url>/images/<name>`. */
	get imageDirectory(): string {
		return this.parts.objects.directory;
	}

	/** The CA's certificate, PEM. */
	get ca(): string {
		return this.parts.pki.ca;
	}

	/** Makes many things, each with a certificate, in memory: `<prefix>0`, `<prefix>1`, ... */
	async *makeThings(count: number, prefix: string): AsyncGenerator<Pair & { readonly thingName: string }> {
		const { pki, registry, certificates } = this.parts;
		const names = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
		for await (const thing of pki.fleet(names)) {
			registry.createThing(thing.thingName);
			certificates.give(thing.certificate, thing.thingName, DEVICE_POLICY, true);
			yield thing;
		}
	}

	async close(): Promise<void> {
		const { broker, data, control } = this.#servers;
		this.service.close();
		await Promise.all([broker.close(), data.close(), control.close()]);
		await this.parts.store?.close();
	}
}
