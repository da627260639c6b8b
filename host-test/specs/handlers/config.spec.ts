import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { rotateDocument } from "../../cli/rotate.js";
import type { Cut } from "../../device/virtual-device.js";
import { engines, programFor } from "../kit/engines.js";
import { ended, history, Lab, publishStream, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

/** CreateKeysAndCertificate */
interface Made {
	readonly certificateId: string;
	readonly certificateArn: string;
	readonly certificatePem: string;
	readonly keyPair: { readonly PrivateKey: string };
}

/** The broker under another port as well. */
async function secondDoor(port: number): Promise<Server> {
	const server = createServer((near) => {
		const far = connect(port, "127.0.0.1");
		near.pipe(far).pipe(near);
		near.on("error", () => far.destroy());
		far.on("error", () => near.destroy());
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return server;
}

for (const engine of engines)
	describe(`Jobs that change what the device connects with, the agent in ${engine}`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		let operator: Operator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		let door: Server;
		let doorPort: number;
		let jobs = 0;
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
			operator = new Operator(emulator);
			agent = await programFor(engine);
			door = await secondDoor(emulator.addresses.mqtt.port);
			doorPort = (door.address() as AddressInfo).port;
		});
		afterEach(async () => {
			door.close();
			await bench.clear();
		});

		const device = () => bench.device(emulator, { program: () => agent });

		async function run(test: TestDevice, document: Record<string, unknown>) {
			jobs += 1;
			const jobId = `job-${jobs}`;
			const states = history(emulator, jobId);
			emulator.service.createJob({ jobId, targets: ["alpha"], document });
			test.powerOn();
			const { status, statusDetails } = await bench.passing(ended(emulator, jobId));
			await bench.passing(test.said(/is over|is let go|nothing is pending/));
			return { status, statusDetails, states };
		}

		const config = (settings: object) => ({ operation: "config", settings });
		/** The port to which it connected last. */
		const portOf = ({ lines }: TestDevice) =>
			Number(
				lines
					.findLast((line) => line.startsWith("connecting to"))
					?.split(":")
					.at(-1),
			);

		/** A certificate of alpha, as an operator makes it. */
		async function newCertificate(status: "ACTIVE" | "INACTIVE" = "ACTIVE") {
			const made = await operator.must("POST", `/keys-and-certificate?setAsActive=${status === "ACTIVE"}`);
			const { certificateId, certificateArn, certificatePem, keyPair } = made as unknown as Made;
			await operator.must("PUT", "/things/alpha/principals", undefined, { "x-amzn-principal": certificateArn });
			return { certificateId, document: rotateDocument(certificatePem, keyPair.PrivateKey) };
		}

		it("config: another endpoint is kept once the service was reached by it, over every later start", async () => {
			const test = await device();
			const { status } = await run(test, config({ port: doorPort, startJitterMs: 0 }));
			assert.equal(status, "SUCCEEDED", test.lines.join("\n"));
			assert.equal(portOf(test), doorPort);
			const from = test.lines.length;
			test.reset();
			await test.said(/^connected/, from);
			assert.equal(portOf(test), doorPort);
		});

		it("config: an endpoint that is not there is given up in time; the old one reports FAILED with trialFailed", async () => {
			const test = await device();
			const { status, statusDetails } = await run(test, config({ port: 1 }));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], test.lines.join("\n"));
			assert.match(statusDetails?.error ?? "", /not reached in time/);
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
			assert.equal(test.aborts, 0);
		});

		it("config: settings with which the device is reset again and again are given up after three starts", async () => {
			const test = await device();
			test.on("boot", () => {
				if (test.boots > 1 && test.boots < 8) setImmediate(() => test.lines.at(-1)?.includes(":1") && test.reset());
			});
			const { status, statusDetails } = await run(test, config({ port: 1 }));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"]);
		});

		it("config: null takes a setting back, and what is not mentioned stays", async () => {
			const test = await device();
			await run(test, config({ port: doorPort }));
			await run(test, config({ startJitterMs: 5 }));
			assert.equal(portOf(test), doorPort);
			await run(test, config({ port: null }));
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
		});

		for (const [what, settings, said] of [
			["a setting that there is not", { colour: "red" }, /^colour: not one of/],
			["a version", { version: "9" }, /^version: not one of/],
			["a port that is none", { port: 65_536 }, /^port: 1 to 65535/],
			["a port that is a text", { port: "8883" }, /^port/],
			["a host with a line break", { host: "a\nb" }, /^host/],
			["a host that is empty", { host: "" }, /^host/],
			["too much", { app: { text: "x".repeat(1_100) } }, /more than 1024 bytes/],
			["a list", [], /^settings: an object/],
		] as const) {
			it(`config: ${what} is REJECTED, and the device is not reset`, async () => {
				const test = await device();
				const { status, statusDetails } = await run(test, config(settings));
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.match(statusDetails?.error ?? "", said);
				assert.equal(test.boots, 1);
			});
		}

		it("rotate-certificate: the new one is used once the service was reached with it, and from then on", async () => {
			const test = await device();
			const { certificateId, document } = await newCertificate();
			const { status } = await run(test, document);
			assert.equal(status, "SUCCEEDED", test.lines.join("\n"));
			const log: string[] = [];
			emulator.broker.on("log", (line) => log.push(line));
			await operator.must("PUT", `/certificates/${certificateId}?newStatus=INACTIVE`);
			const from = test.lines.length;
			test.reset();
			await test.said(/connection given up/, from);
			assert.match(log.join("\n"), new RegExp(`the certificate ${certificateId} is attached to no thing`));
		});

		for (const source of ["url", "streamId"] as const) {
			it(`rotate-certificate: certificate and key from a file, by ${source}`, async () => {
				const test = await device();
				const { certificateId, document } = await newCertificate();
				const { operation, ...members } = document;
				const file = publishStream(emulator, Buffer.from(JSON.stringify(members))).document;
				delete file[source === "url" ? "streamId" : "url"];
				const { status, statusDetails } = await run(test, { ...file, operation });
				assert.deepEqual([status, statusDetails], ["SUCCEEDED", { certificateId }], test.lines.join("\n"));
				const bad = publishStream(emulator, Buffer.from("certificate")).document;
				const refused = await run(test, { ...bad, operation });
				assert.deepEqual([refused.status, refused.statusDetails?.reason], ["FAILED", "fileRejected"]);
				const large = publishStream(emulator, Buffer.alloc(6_145)).document;
				assert.equal((await run(test, { ...large, operation })).status, "REJECTED");
			});
		}

		it("rotate-certificate: one that the service does not know falls back to the old one: FAILED with trialFailed", async () => {
			const test = await device();
			const { document } = await newCertificate("INACTIVE");
			const { status, statusDetails } = await run(test, document);
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], test.lines.join("\n"));
			const { status: next } = await run(test, { operation: "diagnostics" });
			assert.equal(next, "SUCCEEDED");
		});

		it("rotate-certificate: throttling and lost answers are retried, and the new one is kept", async () => {
			const test = await device();
			const { document } = await newCertificate();
			const topic = "*/get";
			emulator.faults.add({ action: "error", code: "RequestThrottled", topic, times: 2 });
			emulator.faults.add({ action: "lose", to: "device", topic: "*/get/accepted", times: 2 });
			assert.equal((await run(test, document)).status, "SUCCEEDED", test.lines.join("\n"));
		});

		it("rotate-certificate: a key of another certificate, of another kind, or none is REJECTED", async () => {
			const test = await device();
			const [one, two] = [await newCertificate(), await newCertificate()];
			const curve = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({
				format: "der",
				type: "pkcs8",
			});
			for (const [change, said] of [
				[{ privateKey: two.document.privateKey }, /does not belong/],
				[{ privateKey: curve.toString("base64") }, /RSA, PKCS #8/],
				[{ privateKey: undefined }, /RSA, PKCS #8/],
				[{ certificate: "AAAA" }, /certificate: DER/],
			] as const) {
				const changed = JSON.parse(JSON.stringify({ ...one.document, ...change }));
				const { status, statusDetails } = await run(test, changed);
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.match(statusDetails?.error ?? "", said);
			}
			assert.equal(test.boots, 1);
		});

		for (const what of ["config", "rotate-certificate"] as const) {
			it(`${what}: the power may be cut at any storage write or send: SUCCEEDED, once`, async function () {
				this.timeout(120_000);
				const make = async () => (what === "config" ? config({ port: doorPort }) : (await newCertificate()).document);
				const clean = await device();
				const kinds: string[] = [];
				clean.on("operation", (kind) => kinds.push(kind));
				await run(clean, await make());
				clean.cutPower();
				let cuts = 0;
				for (const [at, kind] of kinds.entries()) {
					if (engine === "xs" && kind === "send" && at % 4 !== 0) continue;
					if (await cutAt(at, kind, await make())) cuts += 1;
				}
				process.stdout.write(`      the power was cut at ${cuts} points\n`);
				assert.ok(cuts > 8);
			});
		}

		/** @returns whether the power was cut */
		async function cutAt(at: number, kind: string, document: Record<string, unknown>): Promise<boolean> {
			const moments: Cut["moment"][] = ["before", "torn", "after"];
			const test = await device();
			test.cut = { at, moment: kind === "storage" ? (moments[at % 3] ?? "torn") : "before" };
			test.once("off", () => setImmediate(() => test.powerOn()));
			const { status, states } = await run(test, document);
			assert.equal(status, "SUCCEEDED", `cut at ${at} (${kind})\n${test.lines.join("\n")}`);
			assert.equal(states.filter((state) => state.status === "SUCCEEDED").length, 1);
			test.removeAllListeners("off");
			test.cutPower();
			return test.cut === undefined;
		}

		it("rotate-certificate: a URL that has expired is asked for again", async () => {
			const test = await device();
			const { certificateId, document } = await newCertificate();
			const { operation, ...members } = document;
			const file = publishStream(emulator, Buffer.from(JSON.stringify(members))).document;
			delete file.streamId;
			emulator.images.faults = { statuses: [403] };
			const { status, statusDetails } = await run(test, { ...file, operation });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { certificateId }], test.lines.join("\n"));
			assert.equal(emulator.images.ranges.length, 2);
		});

		for (const [what, value] of [
			["garbage", Buffer.from([0xff, 0xfe, 0x00])],
			["no object", Buffer.from("7")],
			["nothing", Buffer.alloc(0)],
			["a port that is a text", Buffer.from('{"port": "x", "host": 7, "wifi": 5}')],
		] as const) {
			it(`settings of which the storage has ${what} are those that were built in`, async () => {
				const test = await device();
				await run(test, config({ port: doorPort }));
				const state = test.flash.readKey("iot-settings", "state") as Uint8Array;
				test.flash.writeKey("iot-settings", `json.${(state[0] as number) & 15}`, value);
				const from = test.lines.length;
				test.reset();
				await test.said(/^connected/, from);
				assert.equal(portOf(test), emulator.addresses.mqtt.port);
				assert.equal(test.aborts, 0);
			});
		}

		it("diagnostics: how the device is, in the status details", async () => {
			const test = await device();
			const { status, statusDetails } = await run(test, { operation: "diagnostics" });
			assert.equal(status, "SUCCEEDED");
			const { uptime, ...rest } = statusDetails ?? {};
			assert.deepEqual(rest, { version: "1.0.0", heapFree: "81920", heapMinFree: "40960", resetReason: "powerOn" });
			assert.match(uptime ?? "", /^\d+$/);
		});

		it("erase: the settings are those that were built in from the next start on", async () => {
			const test = await device();
			await run(test, config({ port: doorPort }));
			const { status, statusDetails } = await run(test, { operation: "erase", settings: true, files: ["nothing"] });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { files: "0", settings: "true" }]);
			await run(test, { operation: "reboot" });
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
			assert.equal((await run(test, { operation: "erase" })).statusDetails?.reason, "invalidDocument");
		});

		it("an operation that the manifest does not name is not done", async () => {
			const test = await bench.device(emulator, { program: () => agent, config: { handlers: "reboot ota" } });
			const { status, statusDetails } = await run(test, { operation: "erase", settings: true });
			assert.deepEqual([status, statusDetails?.known], ["REJECTED", "reboot ota"]);
		});
	});
