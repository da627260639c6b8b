import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, realClock } from "../clock.js";
import { ControlFace } from "./api/control-server.js";
import { DataFace } from "./api/data-server.js";
import { ImageServer } from "./api/image-server.js";
import { MqttFace } from "./api/jobs-mqtt.js";
import type { AccessKey } from "./api/signature.js";
import { streamArn } from "./api/stream-routes.js";
import { StreamFace } from "./api/streams-mqtt.js";
import { Broker } from "./broker/broker.js";
import type { ClusterBackend } from "./broker/cluster.js";
import { RemoteBroker, SERVICE_NAME } from "./broker/remote-broker.js";
import type { ServiceBroker } from "./broker/service-broker.js";
import { Faults } from "./faults/faults.js";
import { type Pair, Pki } from "./identity/pki.js";
import { DEVICE_POLICY, type Policy } from "./identity/policy.js";
import { Documents } from "./jobs/job-document.js";
import { JobsService } from "./jobs/service.js";
import { groupArn, jobArn, templateArn, thingArn } from "./registry/arn.js";
import { Certificates } from "./registry/certificates.js";
import { Streams } from "./registry/streams.js";
import { Tags } from "./registry/tags.js";
import { Templates } from "./registry/templates.js";
import { Registry } from "./registry/things.js";
import { Store } from "./store/store.js";

export interface EmulatorOptions {
	/** Where keys, certificates and images are; made on first use. */
	readonly directory: string;
	readonly things: readonly string[];
	/** The address to listen on. Default 127.0.0.1. */
	readonly host?: string;
	/** 0, the default, takes a free one; so for the other two. */
	readonly mqttPort?: number;
	readonly dataPort?: number;
	readonly controlPort?: number;
	/** Slows the downloads of images down to this. */
	readonly imageBytesPerSecond?: number;
	/** What a thing's certificate may do, by the thing's name. Default: what a device needs, `DEVICE_POLICY`. */
	readonly policies?: Readonly<Record<string, Policy>>;
	/** Keeps the state in the directory: started again, it goes on. Default: it goes with the process. */
	readonly persistent?: boolean;
	/** Whose signature the operator's side demands. Default: any is accepted. */
	readonly accessKey?: AccessKey | undefined;
	/** A broker that runs elsewhere, in place of the embedded one. */
	readonly broker?: BrokerAddress | undefined;
	/** What the embedded broker shares with others: see `iot-jobs broker`. */
	readonly cluster?: ClusterBackend | undefined;
	/** What is to be told before `start` has ended. */
	readonly log?: ((line: string) => void) | undefined;
	/** Time for the service and the broker. */
	readonly clock?: Clock;
}

export interface BrokerAddress {
	/** `mqtts://` or `mqtt://`, with a user and a password if the broker asks for them. */
	readonly url: URL;
	/** PEM. Default: the emulator's own CA. */
	readonly ca?: string | undefined;
	/** What the service shows. Default: a certificate of the emulator's CA, `SERVICE_NAME`. */
	readonly pair?: Pair | undefined;
}

export interface ThingFiles {
	/** Paths of PEM files. */
	readonly certificate: string;
	readonly privateKey: string;
}

/** Where everything is: the first line of `iot-jobs emulate --json`. */
export interface EmulatorAddresses {
	readonly mqtt: { readonly host: string; readonly port: number };
	readonly data: { readonly url: string };
	readonly control: { readonly url: string };
	readonly ca: string;
	readonly things: Readonly<Record<string, ThingFiles>>;
}

/** Broker and Jobs service in one process: what `iot-jobs emulate` runs. */
export class Emulator {
	readonly service: JobsService;
	/** Things and groups. */
	readonly registry: Registry;
	readonly broker: ServiceBroker;
	/** What goes wrong on demand. */
	readonly faults: Faults;
	readonly addresses: EmulatorAddresses;
	readonly images: ImageServer;
	/** File streams over MQTT, of what is in `imageDirectory`. */
	readonly streams: Streams;
	/** Files here are served at `<data.url>/images/<name>`. */
	readonly imageDirectory: string;
	readonly #data: DataFace;
	readonly #control: ControlFace;
	readonly #store: Store | undefined;
	readonly #pki: Pki;
	readonly #certificates: Certificates;

	private constructor(
		service: JobsService,
		registry: Registry,
		store: Store | undefined,
		pki: Pki,
		certificates: Certificates,
		broker: ServiceBroker,
		faults: Faults,
		images: ImageServer,
		streams: Streams,
		data: DataFace,
		control: ControlFace,
		addresses: EmulatorAddresses,
		imageDirectory: string,
	) {
		this.service = service;
		this.registry = registry;
		this.#store = store;
		this.#pki = pki;
		this.#certificates = certificates;
		this.broker = broker;
		this.faults = faults;
		this.images = images;
		this.streams = streams;
		this.addresses = addresses;
		this.imageDirectory = imageDirectory;
		this.#data = data;
		this.#control = control;
	}

	static async start(options: EmulatorOptions): Promise<Emulator> {
		for (const thingName of options.things) checkThingName(thingName);
		const store = options.persistent ? new Store(join(options.directory, "state")) : undefined;
		return await orClose(store === undefined ? [] : [store], Emulator.#start(options, store));
	}

	static async #start(options: EmulatorOptions, store: Store | undefined): Promise<Emulator> {
		const { directory, host = "127.0.0.1", clock = realClock } = options;
		const imageDirectory = join(directory, "images");
		mkdirSync(imageDirectory, { recursive: true });
		const pki = await Pki.open(directory);
		const server = await pki.server([host]);
		const registry = new Registry(clock, store);
		const service = new JobsService(clock, registry, store);
		const certificates = new Certificates({ pki, registry, store, clock });
		const things: Record<string, ThingFiles> = {};
		const principalOf = (id: string) => certificates.principalOf(id);
		for (const thingName of options.things) {
			const { certificate, files } = await pki.thing(thingName);
			certificates.give(certificate, thingName, options.policies?.[thingName] ?? DEVICE_POLICY);
			things[thingName] = files;
			if (registry.findThing(thingName) === undefined) registry.createThing(thingName);
		}
		const faults = new Faults();
		const { ca } = pki;
		const shared = { host, server, ca, service, faults, clock, principalOf };
		const broker =
			options.broker === undefined
				? await Broker.start({
						...shared,
						port: options.mqttPort ?? 0,
						isThing: (name) => service.hasThing(name),
						cluster: options.cluster,
					})
				: await attach(options.broker, { pki, faults, clock, log: options.log });
		faults.on("struck", (line) => broker.emit("log", line));
		const { dataPort = 0, controlPort = 0, imageBytesPerSecond } = options;
		const images = new ImageServer({ directory: imageDirectory, bytesPerSecond: imageBytesPerSecond, clock });
		const data = await orClose(
			[broker],
			DataFace.start({
				...shared,
				port: dataPort,
				images,
				onMqtt: (socket) => broker.accept(socket),
				log: (line) => broker.emit("log", line),
			}),
		);
		const endpoints = endpointsOf(host, broker, data.port);
		const streams = new Streams(imageDirectory, store);
		const templates = new Templates(store);
		const documents = new Documents(imageDirectory, (arn) => templates.find(arn));
		const tags = new Tags(store, (arn) => exists(arn, { service, registry, templates, streams }));
		const operators = {
			service,
			registry,
			certificates,
			documents,
			templates,
			streams,
			tags,
			faults,
			clock,
			endpoints,
		};
		const control = await orClose(
			[broker, data],
			ControlFace.start({ host, port: controlPort, ...operators, accessKey: options.accessKey }),
		);
		const face = new MqttFace(service);
		const streamFace = new StreamFace(streams);
		broker.on("request", (request) => (request.service === "jobs" ? face : streamFace).receive(request));
		service.on("notice", (thingName, name, payload) =>
			broker.publish(`$aws/things/${thingName}/jobs/${name}`, face.notice(name, payload)),
		);
		service.presign = (url, expiresInSec) => {
			const name = new URL(url).pathname.split("/").pop();
			return `https://${host}:${data.port}/images/${name}?expires=${service.timestamp + expiresInSec}`;
		};
		service.on("fleet", ({ topic, payload }) => broker.publish(topic, payload));
		broker.on("restart", (what) => {
			if (what === "service") service.restart();
			else broker.restart().catch((error) => broker.emit("log", `the broker did not come back: ${error.message}`));
		});
		service.load();
		return new Emulator(
			service,
			registry,
			store,
			pki,
			certificates,
			broker,
			faults,
			images,
			streams,
			data,
			control,
			{
				mqtt: { host: broker.host, port: broker.port },
				data: { url: `https://${host}:${data.port}` },
				control: { url: `http://${host}:${control.port}` },
				ca: pki.caFile,
				things,
			},
			imageDirectory,
		);
	}

	/** The CA's certificate, PEM. */
	get ca(): string {
		return this.#pki.ca;
	}

	/** Things in great number, each with a certificate, in memory: `device-0`, `device-1`, ... */
	async *makeThings(count: number, prefix: string): AsyncGenerator<Pair & { readonly thingName: string }> {
		const names = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
		for await (const thing of this.#pki.fleet(names)) {
			this.registry.createThing(thing.thingName);
			this.#certificates.give(thing.certificate, thing.thingName, DEVICE_POLICY);
			yield thing;
		}
	}

	async close(): Promise<void> {
		this.service.close();
		await Promise.all([this.broker.close(), this.#data.close(), this.#control.close()]);
		await this.#store?.close();
	}
}

async function attach(
	{ url, ca, pair }: BrokerAddress,
	{
		pki,
		faults,
		clock,
		log = () => undefined,
	}: { pki: Pki; faults: Faults; clock: Clock; log: EmulatorOptions["log"] },
): Promise<RemoteBroker> {
	const shown = pair ?? (await pki.service(SERVICE_NAME));
	return await RemoteBroker.connect({ url, ca: ca ?? pki.ca, pair: shown, faults, clock, log });
}

interface Owners {
	readonly service: JobsService;
	readonly registry: Registry;
	readonly templates: Templates;
	readonly streams: Streams;
}

/** Whether there is something with this ARN that may have tags. */
function exists(arn: string, { service, registry, templates, streams }: Owners): boolean {
	const name = arn.slice(arn.lastIndexOf("/") + 1);
	return (
		(arn === thingArn(name) && registry.findThing(name) !== undefined) ||
		(arn === groupArn(name) && registry.hasGroup(name)) ||
		(arn === jobArn(name) && service.job(name) !== undefined) ||
		(arn === templateArn(name) && templates.has(name)) ||
		(arn === streamArn(name) && streams.get(name) !== undefined)
	);
}

/** What DescribeEndpoint says: devices speak MQTT on one port, HTTPS on the other. */
function endpointsOf(host: string, broker: ServiceBroker, dataPort: number): Record<string, string> {
	const [mqtt, data] = [`${broker.host}:${broker.port}`, `${host}:${dataPort}`];
	return { "iot:Data": mqtt, "iot:Data-ATS": mqtt, "iot:Jobs": data, "iot:CredentialProvider": data };
}

/** When a server does not start, those that run are closed. @throws what it threw */
async function orClose<T>(running: readonly Closable[], starting: Promise<T>): Promise<T> {
	try {
		return await starting;
	} catch (error) {
		await Promise.all(running.map((server) => server.close()));
		throw error;
	}
}

interface Closable {
	close(): Promise<void>;
}

/** @throws with a sentence for the person who typed the name */
export function checkThingName(thingName: string): void {
	if (/^[a-zA-Z0-9:_-]{1,128}$/.test(thingName)) return;
	throw new Error(`thing name ${JSON.stringify(thingName)}: 1 to 128 of a-z A-Z 0-9 : _ -`);
}
