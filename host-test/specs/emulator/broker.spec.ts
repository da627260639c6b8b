import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect } from "node:tls";
import mqtt from "mqtt";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory, Lab, pemOf, type TestEmulator, turns } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const OWN = "$aws/things/alpha/jobs";
const FOREIGN = "$aws/things/beta/jobs";

describe("The broker", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let log: string[];
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha", "beta"] });
		log = [];
		emulator.broker.on("log", (line) => log.push(line));
	});
	afterEach(() => lab.clear());

	for (const [what, act, said] of [
		[
			"a publish on another thing's topic",
			(c: MqttJsClient) => c.publish(`${FOREIGN}/start-next`, {}),
			/iot:Publish.*beta/,
		],
		["a publish outside of its own topics", (c: MqttJsClient) => c.publish("some/topic", {}), /iot:Publish/],
		["a publish of QoS 2", (c: MqttJsClient) => c.publish(`${OWN}/get`, {}, 2), /QoS 2/],
		["a publish with RETAIN", (c: MqttJsClient) => c.publish(`${OWN}/get`, {}, 1, true), /RETAIN/],
		["a payload above 128 KB", (c: MqttJsClient) => c.publish(`${OWN}/get`, "x".repeat(131_073)), /131072 bytes/],
		["a topic above 256 bytes", (c: MqttJsClient) => c.publish(`${OWN}/${"j".repeat(256)}`, {}), /256 bytes/],
		["a topic with eight slashes", (c: MqttJsClient) => c.publish(`${OWN}/a/b/c/d/e`, {}), /at most 7 slashes/],
		[
			"nine topics in a SUBSCRIBE",
			(c: MqttJsClient) => c.client.subscribe([..."abcdefghi"].map((last) => `${OWN}/${last}`)),
			/at most 8 topics/,
		],
		["a subscription of QoS 2", (c: MqttJsClient) => c.client.subscribe(`${OWN}/notify`, { qos: 2 }), /QoS 2/],
		[
			"a subscription to another thing's topic",
			(c: MqttJsClient) => c.client.subscribe(`${FOREIGN}/notify`),
			/iot:Subscribe.*beta/,
		],
		["a subscription to everything", (c: MqttJsClient) => c.client.subscribe("#"), /iot:Subscribe/],
		[
			"a subscription to what brokers tell each other",
			(c: MqttJsClient) => c.client.subscribe("$cluster/requests"),
			/the broker's own/,
		],
		[
			"a subscription to what is for the service",
			(c: MqttJsClient) => c.client.subscribe("$service/#"),
			/the broker's own/,
		],
		[
			"a subscription with a wildcard for the thing",
			(c: MqttJsClient) => c.client.subscribe("$aws/things/+/jobs/notify"),
			/iot:Subscribe/,
		],
	] as const) {
		it(`ends the connection at ${what}`, async () => {
			emulator.service.createJob({ jobId: "job", targets: ["alpha", "beta"], document: {} });
			const client = await MqttJsClient.connect(emulator);
			act(client);
			await client.untilClosed();
			assert.match(log.join("\n"), said);
			assert.match(log.join("\n"), /refused: client alpha, action/);
			assert.equal(emulator.service.execution("beta", "job")?.status, "QUEUED");
			await client.end();
		});
	}

	it("ends the first connection when a second comes with the same client id", async () => {
		const first = await MqttJsClient.connect(emulator);
		const second = await MqttJsClient.connect(emulator);
		await first.untilClosed();
		assert.equal((await second.ask(`${OWN}/get`, {})).topic, `${OWN}/get/accepted`);
		await second.end();
	});

	it("refuses the name of another thing as a client id", async () => {
		await assert.rejects(MqttJsClient.connect(emulator, "alpha", "beta"));
		assert.match(log.join("\n"), /iot:Connect.*the certificate belongs to alpha/);
	});

	it("takes fifty subscriptions of a connection, and not one more", async () => {
		const client = await MqttJsClient.connect(emulator);
		const filters = Array.from({ length: 50 }, (_, i) => `${OWN}/${i}/get/accepted`);
		for (let i = 0; i < 50; i += 8) await client.client.subscribeAsync(filters.slice(i, i + 8), { qos: 1 });
		await client.client.subscribeAsync(filters.slice(0, 8), { qos: 1 }); // the same ones again
		client.client.subscribe(`${OWN}/notify`);
		await client.untilClosed();
		assert.match(log.join("\n"), /at most 50 subscriptions/);
	});

	it("hands a publish on a reserved topic to the service, and to no other client", async () => {
		const listener = await MqttJsClient.connect(emulator, "alpha", "alpha-listener");
		await listener.client.subscribeAsync(`${OWN}/#`, { qos: 1 });
		const client = await MqttJsClient.connect(emulator);
		const { topic, payload } = await client.ask(`${OWN}/notify-next`, { execution: { jobId: "forged" } });
		assert.equal(topic, `${OWN}/notify-next/rejected`);
		assert.equal(payload.code, "InvalidTopic");
		emulator.service.createJob({ jobId: "real", targets: ["alpha"], document: {} });
		const heard = await listener.next(0);
		assert.equal(heard.topic, `${OWN}/notify`, "the first that it hears is the service's own");
		await Promise.all([client.end(), listener.end()]);
	});

	it("refuses a will that the policy does not allow", async () => {
		const { host, port } = emulator.addresses.mqtt;
		const will = { topic: `${FOREIGN}/start-next`, payload: Buffer.from("{}"), qos: 1 as const, retain: false };
		const options = { clientId: "alpha", reconnectPeriod: 0, will, ...pemOf(emulator) };
		const client = mqtt.connect({ host, port, protocol: "mqtts", ...options });
		client.on("error", () => undefined);
		await new Promise<void>((resolve) => client.once("close", () => resolve()));
		assert.match(log.join("\n"), /iot:Publish.*beta/);
	});

	for (const [asked, kept] of [
		[1, 30],
		[60, 60],
		[5_000, 1_200],
		[0, 1_200],
	] as const) {
		it(`ends a connection silent for 1.5 times ${kept} s when it asked for ${asked}`, async () => {
			const client = await MqttJsClient.connect(emulator, "alpha", "alpha", {
				keepalive: asked,
				reschedulePings: false,
			});
			const { clock } = emulator;
			clock.advance(kept * 1_000);
			await client.ask(`${OWN}/get`, {}); // any packet counts
			await turns(); // and the answer's PUBACK is the last
			clock.advance(kept * 1_500 - 1);
			await turns();
			assert.equal(client.closed, false);
			clock.advance(2);
			await client.untilClosed();
			assert.match(log.join("\n"), new RegExp(`alpha: silent for 1.5 times its keep-alive of ${kept} s`));
		});
	}

	it("keeps a persistent session for an hour, with what it missed", async () => {
		const first = await MqttJsClient.connect(emulator, "alpha", "alpha", { clean: false });
		await first.client.subscribeAsync(`${OWN}/notify-next`, { qos: 1 });
		await first.end();
		emulator.service.createJob({ jobId: "missed", targets: ["alpha"], document: {} });
		emulator.clock.advance(3_599_000);
		const second = await MqttJsClient.connect(emulator, "alpha", "alpha", { clean: false });
		const { payload } = await second.next(0);
		assert.equal((payload.execution as { jobId: string }).jobId, "missed");
		await second.client.endAsync();
		emulator.clock.advance(3_600_000);
		await turns();
		await second.client.removeAllListeners();
		const third = await MqttJsClient.connect(emulator, "alpha", "alpha", { clean: false });
		await third.ask(`${OWN}/start-next`, {});
		await third.ask(`${OWN}/missed/update`, { status: "FAILED" });
		await third.ask(`${OWN}/get`, {});
		assert.deepEqual(
			third.heard.map(({ topic }) => topic.replace(OWN, "")),
			["/start-next/accepted", "/missed/update/accepted", "/get/accepted"],
			"nothing is subscribed to any more",
		);
		await third.end();
	});

	for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
		it(`speaks ${version}, and MQTT on the port of HTTPS by its ALPN name`, async () => {
			const port = Number(new URL(emulator.addresses.data.url).port);
			const client = await MqttJsClient.connect(emulator, "alpha", "alpha", {
				port,
				ALPNProtocols: ["x-amzn-mqtt-ca"],
				minVersion: version,
				maxVersion: version,
			});
			assert.equal((await client.ask(`${OWN}/get`, {})).topic, `${OWN}/get/accepted`);
			await client.end();
		});
	}

	it("accepts the ALPN name for MQTT on its own port as well", async () => {
		const client = await MqttJsClient.connect(emulator, "alpha", "alpha", { ALPNProtocols: ["x-amzn-mqtt-ca"] });
		await client.end();
	});

	it("takes no MQTT on the port of HTTPS without a certificate", async () => {
		const port = Number(new URL(emulator.addresses.data.url).port);
		const { ca } = pemOf(emulator);
		const socket = connect({ host: "127.0.0.1", port, ca, ALPNProtocols: ["x-amzn-mqtt-ca"] });
		socket.on("error", () => undefined);
		await once(socket, "close");
		assert.match(log.join("\n"), /the client has no certificate of this CA/);
	});

	it("refuses a client without a certificate, and one of another CA", async () => {
		const { port } = emulator.addresses.mqtt;
		const stranger = await (await Pki.open(`${keyDirectory}-stranger`)).thing("alpha");
		for (const pair of [{}, { cert: stranger.certificate, key: stranger.privateKey }]) {
			const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, maxVersion: "TLSv1.2", ...pair });
			await assert.rejects(once(socket, "secureConnect"));
		}
	});

	it("refuses a certificate of its CA that it does not know", async () => {
		const pki = await Pki.open(keyDirectory);
		const { certificate, privateKey } = await pki.thing("nobody");
		const { port } = emulator.addresses.mqtt;
		const socket = connect({ host: "127.0.0.1", port, ca: pki.ca, cert: certificate, key: privateKey });
		socket.on("error", () => undefined);
		await once(socket, "close");
		assert.match(log.join("\n"), /is not active, or has no policy/);
	});

	it("survives a port scanner", async () => {
		const scanner = connectTcp(emulator.addresses.mqtt.port, "127.0.0.1");
		scanner.write("GET / HTTP/1.1\r\n\r\n");
		scanner.on("error", () => undefined);
		await once(scanner, "close");
		const client = await MqttJsClient.connect(emulator);
		await client.end();
	});

	it("sends its chain, good for localhost, 127.0.0.1 and the named hosts", async () => {
		const pki = await Pki.open(keyDirectory);
		const { certificate } = await pki.server(["device.example", "10.1.2.3"]);
		assert.equal(certificate.match(/BEGIN CERTIFICATE/g)?.length, 2);
		for (const [host, servername] of [
			["127.0.0.1", "localhost"],
			["127.0.0.1", undefined],
		] as const) {
			const { port } = emulator.addresses.mqtt;
			const socket = connect({ host, port, ...(servername && { servername }), ...pemOf(emulator) });
			await once(socket, "secureConnect");
			assert.ok(socket.authorized);
			socket.destroy();
		}
		const { X509Certificate } = await import("node:crypto");
		const parsed = new X509Certificate(certificate);
		for (const name of ["localhost", "device.example"]) assert.ok(parsed.checkHost(name), name);
		for (const address of ["127.0.0.1", "10.1.2.3"]) assert.ok(parsed.checkIP(address), address);
	});
});
