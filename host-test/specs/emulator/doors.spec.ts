import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { hostname } from "node:os";
import { connectAsync } from "mqtt";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

describe("Who gets in", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	/** CreateKeysAndCertificate, which answers with a private key. @returns the status */
	async function askForKey(headers: Record<string, string>): Promise<number | undefined> {
		const { hostname: host, port } = new URL(emulator.addresses.control.url);
		const asked = request({ host, port, path: "/keys-and-certificate", method: "POST", headers });
		asked.end();
		const [answer] = await once(asked, "response");
		answer.resume();
		return answer.statusCode;
	}

	it("a web page under a name that was made to point here gets no private key", async () => {
		assert.equal(await askForKey({ host: "evil.example" }), 403);
		assert.equal(await askForKey({ host: "evil.example:8080" }), 403);
		assert.equal(await askForKey({ host: "127.0.0.1.evil.example" }), 403);
		assert.equal(await askForKey({ host: "localhost@evil.example" }), 403);
	});

	it("a foreign web page's request is refused, whatever its host says", async () => {
		const { host } = new URL(emulator.addresses.control.url);
		assert.equal(await askForKey({ host, origin: "https://evil.example" }), 403);
		assert.equal(await askForKey({ host, origin: "null" }), 403);
		assert.equal(await askForKey({ host, origin: "http://127.0.0.1:1" }), 403);
	});

	it("the machine's own names and addresses are served, and pages of the same origin", async () => {
		const names = [
			"localhost",
			"LOCALHOST:1",
			"127.0.0.1",
			"[::1]:8080",
			"192.0.2.7:8080",
			hostname(),
			"emulator:8080",
		];
		for (const host of names) assert.equal(await askForKey({ host }), 200, host);
		assert.equal(await askForKey({ host: "localhost:8080", origin: "http://localhost:8080" }), 200);
	});

	/** Somebody with a new certificate of the thing. @returns when the connection has ended */
	async function listen(): Promise<{ certificateId: string; closed: Promise<void> }> {
		const { certificateId, certificatePem: cert, privateKey: key } = await operator.newCertificate("alpha");
		const { host, port } = emulator.addresses.mqtt;
		const options = { host, port, ca: emulator.ca, cert, key, clientId: "listener", reconnectPeriod: 0 };
		const client = await connectAsync({ protocol: "mqtts", ...options });
		return { certificateId, closed: new Promise((resolve) => client.once("close", () => resolve())) };
	}

	for (const status of ["INACTIVE", "REVOKED"]) {
		it(`a certificate that is set ${status} loses its open connection`, async () => {
			const { certificateId, closed } = await listen();
			await operator.must("PUT", `/certificates/${certificateId}?newStatus=${status}`);
			await closed;
		});
	}

	it("a certificate that loses its thing loses its open connection", async () => {
		const { certificateId, closed } = await listen();
		const principal = { "x-amzn-principal": `arn:aws:iot:us-east-1:123456789012:cert/${certificateId}` };
		await operator.must("DELETE", "/things/alpha/principals", undefined, principal);
		await closed;
	});
});
