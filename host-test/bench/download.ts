import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { connect, createServer as createTlsServer } from "node:tls";
import { realClock } from "../clock.js";
import { type Credentials, readCredentials } from "../device/credentials.js";
import { makeImage } from "../device/image.js";
import { VirtualDevice } from "../device/virtual-device.js";
import { Emulator } from "../emulator/emulator.js";
import { Pki } from "../emulator/identity/pki.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { say, Table } from "./table.js";

const ROUND_TRIPS_MS = [0, 50, 200];
const ROUNDS = 3;
const HOST = "127.0.0.1";
const image = makeImage({ version: "2.0.0", programBytes: 1_000_000 });

/** What is downloaded from, and by whom. */
interface Setting {
	readonly directory: string;
	readonly emulator: Emulator;
	readonly credentials: Credentials;
	/** PEM */
	readonly ca: string;
	/** Sends the image to whoever connects and sends a byte. */
	readonly bareTls: Server;
}

/** Milliseconds of the rounds at one round trip. */
interface Times {
	readonly bare: number[];
	readonly https: number[];
	readonly stream: number[];
}

/** The agent's download over HTTPS and by stream, in Node.js, beside a bare TLS transfer: medians at several round trips. */
export async function benchDownload(): Promise<void> {
	say(`An image of ${image.byteLength} bytes: time, and the bare TLS transfer's share of it; the agent in Node.js`);
	const table = new Table("round trip", "bare TLS", "HTTPS", "share", "stream", "share");
	await inTemporaryDirectory(async (directory) => {
		const setting = await setUp(directory);
		for (const roundTrip of ROUND_TRIPS_MS) {
			const { bare, https, stream } = await measure(setting, roundTrip);
			const [tlsMs, httpsMs, streamMs] = [median(bare), median(https), median(stream)];
			const share = (time: number) => (tlsMs / time).toFixed(2);
			const ms = (time: number) => `${time.toFixed(0)} ms`;
			table.row(ms(roundTrip), ms(tlsMs), ms(httpsMs), share(httpsMs), ms(streamMs), share(streamMs));
		}
		setting.bareTls.close();
		await setting.emulator.close();
	});
}

async function setUp(directory: string): Promise<Setting> {
	const emulator = await Emulator.start({ directory, things: ["alpha"] });
	const files = emulator.addresses.things.alpha;
	if (files === undefined) throw new Error("no thing alpha");
	const credentials = readCredentials({ ca: emulator.addresses.ca, ...files });
	writeFileSync(join(emulator.imageDirectory, "image.bin"), image);
	const stream = { createdAt: 0, lastUpdatedAt: 0, description: undefined, roleArn: undefined, streamVersion: 1 };
	emulator.streams.put({ streamId: "image", files: [{ fileId: 0, bucket: "b", key: "image.bin" }], ...stream });
	const pki = await Pki.open(directory);
	const { certificate: cert, privateKey: key } = await pki.server([]);
	const bareTls = createTlsServer({ cert, key, noDelay: true }, (socket) => {
		socket.on("error", () => undefined);
		socket.once("data", () => socket.write(image));
	});
	bareTls.listen(0, HOST);
	await once(bareTls, "listening");
	return { directory, emulator, credentials, ca: pki.ca, bareTls };
}

async function measure(setting: Setting, roundTripMs: number): Promise<Times> {
	const { emulator, bareTls } = setting;
	const { mqtt, data } = emulator.addresses;
	const servers = [portOf(bareTls), mqtt.port, Number(new URL(data.url).port)];
	const lines = await Promise.all(servers.map((port) => delayed(port, roundTripMs)));
	const [toTls, toMqtt, toData] = lines.map(portOf) as [number, number, number];
	const document = { operation: "ota", version: "2.0.0", size: image.byteLength, sha256: "00".repeat(32) };
	const times: Times = { bare: [], https: [], stream: [] };
	for (let round = 0; round < ROUNDS; round += 1) {
		const device = await makeDevice(setting, toMqtt);
		const online = idle(device);
		device.powerOn();
		await online;
		times.bare.push(await bareTransfer(toTls, setting.ca));
		const failed = idle(device); // the digest is wrong on purpose: only the download is measured
		const url = `https://${HOST}:${toData}/images/image.bin`;
		times.https.push(await download(emulator, device, { ...document, url }));
		await failed;
		device.removeAllListeners();
		times.stream.push(await download(emulator, device, { ...document, streamId: "image" }));
		device.cutPower();
		await emulator.service.restart();
	}
	for (const line of lines) line.close();
	return times;
}

async function makeDevice({ directory, credentials }: Setting, port: number): Promise<VirtualDevice> {
	return await VirtualDevice.create({
		directory: mkdtempSync(join(directory, "flash-")),
		clock: realClock,
		credentials,
		config: { thingName: "alpha", host: HOST, port, startJitterMs: 0 },
		slotBytes: 1 << 21,
	});
}

/** When the device has nothing to do, or has ended a job. */
async function idle(device: VirtualDevice): Promise<void> {
	await new Promise<void>((resolve) => {
		device.on("trace", (text) => /nothing is pending|is over/.test(text) && resolve());
	});
}

/** A server on the way to another one that delays each byte by half a round trip. */
async function delayed(port: number, roundTripMs: number): Promise<Server> {
	const later = (callback: () => void) => (roundTripMs === 0 ? callback() : setTimeout(callback, roundTripMs / 2));
	const pass = (from: Socket, to: Socket) => {
		from.on("data", (bytes) => later(() => to.write(bytes)));
		from.on("close", () => later(() => to.destroy()));
		from.on("error", () => undefined);
	};
	const server = createServer({ noDelay: true }, (near) => {
		const far = netConnect({ port, host: HOST, noDelay: true });
		pass(near, far);
		pass(far, near);
	});
	server.listen(0, HOST);
	await once(server, "listening");
	return server;
}

/** Handshake of TLS 1.2, one byte there, the image back. @returns milliseconds */
async function bareTransfer(port: number, ca: string): Promise<number> {
	const start = performance.now();
	const socket = connect({ port, host: HOST, ca, servername: "localhost", maxVersion: "TLSv1.2" });
	await once(socket, "secureConnect");
	socket.write("x");
	let received = 0;
	await new Promise<void>((resolve) => {
		socket.on("data", (piece) => {
			received += piece.byteLength;
			if (received >= image.byteLength) resolve();
		});
	});
	socket.destroy();
	return performance.now() - start;
}

/** From the start of the download to the last byte in flash. @returns milliseconds */
async function download(emulator: Emulator, device: VirtualDevice, document: Record<string, unknown>): Promise<number> {
	let start = 0;
	device.on("trace", (text) => {
		if (text.startsWith("ota: fetches")) start = performance.now();
	});
	const complete = new Promise<number>((resolve) => {
		device.on("flash", (written, total) => {
			if (written === total) resolve(performance.now() - start);
		});
	});
	emulator.service.createJob({ jobId: `job-${Math.random().toString(36).slice(2)}`, targets: ["alpha"], document });
	return await complete;
}

function portOf(server: Server): number {
	return (server.address() as AddressInfo).port;
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
