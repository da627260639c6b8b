import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Broker } from "../broker/broker.js";
import { Faults } from "../broker/faults.js";
import type { Principal } from "../broker/permissions.js";
import { certificateId, Pki } from "../broker/pki.js";
import { DEVICE_POLICY, type Policy } from "../broker/policy.js";
import { type Clock, realClock } from "../ecma419/clock.js";
import { ControlFace } from "./control-face.js";
import { DataFace } from "./data-face.js";
import { ImageServer } from "./image-server.js";
import { MqttFace } from "./mqtt-face.js";
import { JobsService } from "./service.js";
import { StreamFace } from "./stream-face.js";
import { Streams } from "./streams.js";

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
	/** Time for the service and the broker. */
	readonly clock?: Clock;
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
	readonly broker: Broker;
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

	private constructor(
		service: JobsService,
		broker: Broker,
		faults: Faults,
		images: ImageServer,
		streams: Streams,
		data: DataFace,
		control: ControlFace,
		addresses: EmulatorAddresses,
		imageDirectory: string,
	) {
		this.service = service;
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
		const { directory, host = "127.0.0.1", clock = realClock } = options;
		for (const thingName of options.things) checkThingName(thingName);
		const imageDirectory = join(directory, "images");
		mkdirSync(imageDirectory, { recursive: true });
		const pki = await Pki.open(directory);
		const server = await pki.server([host]);
		const service = new JobsService(clock);
		const things: Record<string, ThingFiles> = {};
		const principals = new Map<string, Principal>();
		const principalOf = (id: string) => principals.get(id);
		for (const thingName of options.things) {
			const { certificate, files } = await pki.thing(thingName);
			const policy = options.policies?.[thingName] ?? DEVICE_POLICY;
			principals.set(certificateId(certificate), { thingName, policy });
			things[thingName] = files;
			service.addThing(thingName);
		}
		const faults = new Faults();
		const { ca } = pki;
		const shared = { host, server, ca, service, faults, clock, principalOf };
		const broker = await Broker.start({
			...shared,
			port: options.mqttPort ?? 0,
			isThing: (name) => service.hasThing(name),
		});
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
		const endpoints = endpointsOf(host, broker.port, data.port);
		const control = await orClose(
			[broker, data],
			ControlFace.start({ host, port: controlPort, service, faults, clock, endpoints }),
		);
		const face = new MqttFace(service);
		const streams = new Streams(imageDirectory);
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
		return new Emulator(
			service,
			broker,
			faults,
			images,
			streams,
			data,
			control,
			{
				mqtt: { host, port: broker.port },
				data: { url: `https://${host}:${data.port}` },
				control: { url: `http://${host}:${control.port}` },
				ca: pki.caFile,
				things,
			},
			imageDirectory,
		);
	}

	async close(): Promise<void> {
		this.service.close();
		await Promise.all([this.broker.close(), this.#data.close(), this.#control.close()]);
	}
}

/** What DescribeEndpoint says: devices speak MQTT on one port, HTTPS on the other. */
function endpointsOf(host: string, mqttPort: number, dataPort: number): Record<string, string> {
	const [mqtt, data] = [`${host}:${mqttPort}`, `${host}:${dataPort}`];
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
