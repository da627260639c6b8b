import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer as createTlsServer } from "node:tls";
import { realClock } from "../clock.js";
import { readCredentials } from "../device/credentials.js";
import { makeImage } from "../device/image.js";
import { VirtualDevice } from "../device/virtual-device.js";
import { Emulator } from "../emulator/emulator.js";
import { Pki } from "../emulator/identity/pki.js";

const ROUND_TRIPS_MS = [0, 50, 200];
const IMAGE_BYTES = 1_000_000;
const ROUNDS = 3;

/** A line of a given length: each byte is as long on its way, however many there are. */
async function delayed(port: number, roundTripMs: number): Promise<Server> {
	const later = (callback: () => void) => (roundTripMs === 0 ? callback() : setTimeout(callback, roundTripMs / 2));
	const pass = (from: Socket, to: Socket) => {
		from.on("data", (bytes) => later(() => to.write(bytes)));
		from.on("close", () => later(() => to.destroy()));
		from.on("error", () => undefined);
	};
	const server = createServer({ noDelay: true }, (near) => {
		const far = netConnect({ port, host: "127.0.0.1", noDelay: true });
		pass(near, far);
		pass(far, near);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** The bytes over TLS 1.2 and nothing else: handshake, one line there, the file back. @returns milliseconds */
async function bare(port: number, ca: string, bytes: number): Promise<number> {
	const start = performance.now();
	const socket = connect({ port, host: "127.0.0.1", ca, servername: "localhost", maxVersion: "TLSv1.2" });
	await once(socket, "secureConnect");
	socket.write("go");
	let received = 0;
	await new Promise<void>((resolve) => {
		socket.on("data", (piece) => {
			received += piece.byteLength;
			if (received >= bytes) resolve();
		});
	});
	socket.destroy();
	return performance.now() - start;
}

/** From the beginning of the download to the last byte in flash. @returns milliseconds */
async function download(emulator: Emulator, device: VirtualDevice, document: Record<string, unknown>): Promise<number> {
	let start = 0;
	device.on("trace", (text) => {
		if (text.startsWith("ota: fetches")) start = performance.now();
	});
	const whole = new Promise<number>((resolve) => {
		device.on("flash", (written, total) => {
			if (written === total) resolve(performance.now() - start);
		});
	});
	emulator.service.createJob({ jobId: `job-${Math.random().toString(36).slice(2)}`, targets: ["alpha"], document });
	return await whole;
}

/** Downloads by both ways beside the bare transfer, at several round trips, in turn; the medians' ratio is printed. */
export async function benchDownload(say: (text?: string) => void): Promise<void> {
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
	const emulator = await Emulator.start({ directory, things: ["alpha"] });
	const pki = await Pki.open(directory);
	const { certificate: cert, privateKey: key } = await pki.server([]);
	const files = emulator.addresses.things.alpha;
	if (files === undefined) throw new Error("no thing alpha");
	const credentials = readCredentials({ ca: emulator.addresses.ca, ...files });
	const image = makeImage({ version: "2.0.0", programBytes: IMAGE_BYTES });
	writeFileSync(join(emulator.imageDirectory, "image.bin"), image);
	const at = { createdAt: 0, lastUpdatedAt: 0, description: undefined, roleArn: undefined, streamVersion: 1 };
	emulator.streams.put({ streamId: "image", files: [{ fileId: 0, bucket: "b", key: "image.bin" }], ...at });
	const tls = createTlsServer({ cert, key, noDelay: true }, (socket) => {
		socket.on("error", () => undefined);
		socket.once("data", () => socket.write(image));
	});
	tls.listen(0, "127.0.0.1");
	await once(tls, "listening");
	say(
		`An image of ${image.byteLength} bytes: the time of the bare TLS transfer, and its share of the agent's time, in Node.js`,
	);
	say("  round trip   bare TLS     HTTPS   share    stream   share");
	for (const roundTrip of ROUND_TRIPS_MS) {
		const line = await Promise.all(
			[portOf(tls), emulator.addresses.mqtt.port, Number(new URL(emulator.addresses.data.url).port)].map((port) =>
				delayed(port, roundTrip),
			),
		);
		const [toTls, toMqtt, toData] = line.map(portOf) as [number, number, number];
		const times: Record<"bare" | "https" | "stream", number[]> = { bare: [], https: [], stream: [] };
		const common = { operation: "ota", version: "2.0.0", size: image.byteLength, sha256: "00".repeat(32) };
		for (let round = 0; round < ROUNDS; round += 1) {
			const device = await VirtualDevice.create({
				directory: mkdtempSync(join(directory, "flash-")),
				clock: realClock,
				credentials,
				config: { thingName: "alpha", host: "127.0.0.1", port: toMqtt, startJitterMs: 0 },
				slotBytes: 1 << 21,
			});
			const idle = () =>
				new Promise<void>((resolve) => device.on("trace", (text) => /nothing is pend|is over/.test(text) && resolve()));
			const ready = idle();
			device.powerOn();
			await ready;
			times.bare.push(await bare(toTls, pki.ca, image.byteLength));
			const url = `https://127.0.0.1:${toData}/images/image.bin`;
			const first = idle();
			times.https.push(await download(emulator, device, { ...common, url }));
			await first;
			device.removeAllListeners();
			times.stream.push(await download(emulator, device, { ...common, streamId: "image" }));
			device.cutPower();
			await emulator.service.restart();
		}
		for (const server of line) server.close();
		const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
		const [tlsMs, httpsMs, streamMs] = [median(times.bare), median(times.https), median(times.stream)];
		const cells = [
			`${roundTrip} ms`.padStart(10),
			`${tlsMs.toFixed(0)} ms`.padStart(10),
			`${httpsMs.toFixed(0)} ms`.padStart(9),
			(tlsMs / httpsMs).toFixed(2).padStart(7),
			`${streamMs.toFixed(0)} ms`.padStart(9),
			(tlsMs / streamMs).toFixed(2).padStart(7),
		];
		say(`  ${cells.join(" ")}`);
	}
	tls.close();
	await emulator.close();
	rmSync(directory, { recursive: true, force: true });
}
