import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { Pki } from "../../emulator/identity/pki.js";
import { serverValid } from "../kit/dated-certificate.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { credentialsOf, keyDirectory, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { ScriptedBroker } from "../kit/scripted-broker.js";
import { Switchboard } from "../kit/switchboard.js";

const DAY = 24 * 3_600_000;

/**
 * What stands between a board and the service in a home: each ends in one line of the log and a back-off, never in an abort,
 * and the device connects when the trouble is over.
 */
for (const engine of engines)
	describe(`Trouble on the way to the service, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let board: Switchboard;
		const servers: Server[] = [];
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			board = await Switchboard.open(emulator.broker.port);
		});
		afterEach(async () => {
			await lab.clear();
			await board.close();
			for (const server of servers.splice(0)) server.close();
		});

		async function device(config: Record<string, unknown> = {}): Promise<TestDevice> {
			const agent = await programFor(engine);
			return await lab.deviceAt("127.0.0.1", board.port, {
				credentials: credentialsOf(emulator),
				program: () => agent,
				config: { startJitterMs: 0, ...config },
			});
		}

		/** A TLS server that is not the broker. */
		async function tlsServer(options: TlsOptions): Promise<number> {
			const pki = await Pki.open(keyDirectory);
			const { certificate: cert, privateKey: key } = await pki.server([]);
			const server = createServer({ cert, key, ca: pki.ca, requestCert: true, ...options });
			server.on("tlsClientError", () => undefined);
			server.on("secureConnection", (socket) => socket.on("error", () => undefined));
			servers.push(server);
			await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
			return (server.address() as AddressInfo).port;
		}

		const validFor = async (from: number, to: number) =>
			await tlsServer(await serverValid(new Date(Date.now() + from), new Date(Date.now() + to)));

		async function recovers(test: TestDevice): Promise<void> {
			test.powerOn();
			await lab.passing(test.said(/connection given up: /));
			await lab.passing(test.said(/connection given up: /, test.lines.length));
			const given = test.lines.filter((line) => line.startsWith("connection given up"));
			const tries = test.lines.filter((line) => line.startsWith("connecting to"));
			assert.ok(Math.abs(given.length - tries.length) <= 1, `one line for each try:\n${test.lines.join("\n")}`);
			board.target = emulator.broker.port;
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "dance" } });
			assert.equal((await lab.passing(ended(emulator, "job"))).status, "REJECTED");
			assert.equal(test.aborts, 0);
			assert.equal(test.boots, 1);
		}

		for (const [what, trouble, said] of [
			["an expired certificate", () => validFor(-2 * DAY, -DAY), /expired/],
			["a certificate of tomorrow, or a clock of yesterday", () => validFor(DAY, 2 * DAY), /not yet valid/],
			[
				"a suite that the chip does not have",
				() => tlsServer({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" }),
				/handshake failure/,
			],
			["TLS 1.3 alone", () => tlsServer({ minVersion: "TLSv1.3" }), /protocol version/],
		] as const) {
			it(`${what}: connects when it is over`, async () => {
				board.target = await trouble();
				const test = await device();
				await recovers(test);
				assert.match(test.lines.find((line) => line.startsWith("connection given up")) ?? "", said);
			});
		}

		for (const [what, target] of [
			["a captive portal that answers in HTML", (s) => s.once("data", () => s.end("HTTP/1.1 302 Found\r\n\r\n<html>"))],
			["a connection that is closed at once", (s) => s.destroy()],
			["a connection that is reset in the handshake", (s) => s.once("data", () => s.resetAndDestroy())],
			["a server that says nothing", (s) => void s.resume()],
			["a server that sends noise", (s) => s.once("data", () => s.write(Buffer.alloc(5_000, 0x5a)))],
		] as [string, (socket: import("node:net").Socket) => void][]) {
			it(`${what}: connects when it is over`, async () => {
				board.target = target;
				await recovers(await device());
			});
		}

		it("a certificate that may not connect: one log line for each try", async () => {
			const agent = await programFor(engine);
			const credentials = await ScriptedBroker.credentials("unattached");
			const own = { credentials, program: () => agent, config: { startJitterMs: 0 } };
			const test = await lab.deviceAt("127.0.0.1", board.port, own);
			test.powerOn();
			for (let i = 0; i < 3; i += 1) {
				await lab.passing(test.said(/connection given up: .* before CONNACK/, test.lines.length));
				assert.match(await lab.passing(test.said(/connecting again in/, test.lines.length - 1)), /in \d+ ms/);
			}
			assert.equal(test.aborts, 0);
			assert.ok(!test.lines.includes("connected"));
		});

		it("a name that cannot be resolved: connects when it is over", async () => {
			const test = await device({ host: `${"x".repeat(64)}.example` });
			test.powerOn();
			await lab.passing(test.said(/connection given up: /));
			await lab.passing(test.said(/connection given up: /, test.lines.length));
			test.setConfig({ host: "127.0.0.1" });
			test.reset();
			await lab.passing(test.said(/^connected/));
			assert.equal(test.aborts, 0);
		});

		it("no network for a while after each boot: the job ends once", async () => {
			const test = await device();
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
			test.on("boot", () => {
				// Nobody is there for a while after each boot.
				board.target = (socket) => socket.destroy();
				setTimeout(() => {
					board.target = emulator.broker.port;
				}, 50);
			});
			test.powerOn();
			assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED");
			assert.equal(test.boots, 2);
		});
	});
