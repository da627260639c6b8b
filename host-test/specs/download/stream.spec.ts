import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { decode } from "cborg";
import { makeImage } from "../../device/image.js";
import type { Fault } from "../../emulator/faults/faults.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishStream, type TestImage } from "../kit/images.js";
import { credentialsOf, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

const BLOCK = 2_048;

for (const engine of engines)
	describe(`A firmware job by a file stream, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		let published: TestImage;
		/** Blocks that the service has sent, and the requests for them. */
		let sent: number;
		let requests: { f: number; l: number; o: number; n: number; b?: Uint8Array }[];
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			published = publishStream(emulator, makeImage({ version: "2.0.0", programBytes: 200_000 }));
			delete published.document.url;
			const agent = await programFor(engine);
			device = await lab.device(emulator, { program: () => agent });
			sent = 0;
			requests = [];
			emulator.broker.on("message", ({ from, topic, payload }) => {
				if (from === "service" && topic.endsWith("/data/cbor")) sent += 1;
				if (from === "device" && topic.endsWith("/get/cbor")) requests.push(decode(payload));
			});
		});
		afterEach(() => lab.clear());

		async function run(document = published.document) {
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			return await ended(emulator, "update");
		}

		function assertNewImageRuns(): void {
			assert.equal(device.running?.version, "2.0.0");
			assert.ok(device.flash.holds(device.running?.slot ?? 0, published.image), "the image is whole");
			assert.equal(device.aborts, 0);
		}

		it("fetches each block once, many at a time, over the one connection", async () => {
			const { status } = await run();
			assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			assertNewImageRuns();
			const blocks = Math.ceil(published.image.byteLength / BLOCK);
			assert.equal(sent, blocks);
			assert.ok(requests.length <= blocks / 8 + 8, `${requests.length} requests for ${blocks} blocks`);
			assert.deepEqual(requests[0], { f: 3, l: BLOCK, o: 0, n: 32 });
			assert.equal(emulator.images.ranges.length, 0, "no second TLS session");
		});

		for (const kind of ["ecdsa", "rsa"] as const) {
			it(`verifies an ${kind.toUpperCase()} signature, in AWS's form of the document`, async () => {
				const { privateKey, publicKey } =
					kind === "rsa"
						? generateKeyPairSync("rsa", { modulusLength: 3_072 })
						: generateKeyPairSync("ec", { namedCurve: "prime256v1" });
				const agent = await programFor(engine);
				const codeSigningKey = publicKey.export({ type: "spki", format: "der" });
				const credentials = { ...credentialsOf(emulator), codeSigningKey };
				device = await lab.device(emulator, {
					program: () => agent,
					credentials,
					config: { requireSignature: true },
				});
				const signature = createSign("sha256").update(published.image).sign(privateKey).toString("base64");
				const file = { filesize: published.image.byteLength, fileid: 3, [`sig-sha256-${kind}`]: signature };
				const streamname = published.document.streamId;
				const { status } = await run({ afr_ota: { protocols: ["MQTT"], streamname, files: [file] } });
				assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
				assertNewImageRuns();
			});
		}

		const data = (more: Partial<Fault>): Fault => ({ to: "device", topic: "*/data/cbor", ...more }) as Fault;
		for (const [what, faults, most] of [
			["the third block is lost", [data({ action: "lose", skip: 2, times: 1 })], 40],
			["the last block is lost", [data({ action: "lose", skip: 97, times: 1 })], 8],
			["every tenth block is lost", [data({ action: "lose", probability: 0.1, seed: 7 })], 500],
			["each block comes twice", [data({ action: "duplicate" })], 100],
			["blocks change places", [data({ action: "reorder", probability: 0.3, seed: 3, ms: 50 })], 100],
			["a block is late by a minute", [data({ action: "delay", skip: 10, times: 1, ms: 60_000 })], 40],
			["a whole window is lost", [data({ action: "lose", times: 32 })], 40],
			["the connection is cut at a block", [data({ action: "cut", skip: 20, times: 1 })], 200],
			["the connection is cut three times", [data({ action: "cut", skip: 20, times: 3 })], 400],
			["a request is lost", [{ action: "lose", to: "service", topic: "*/get/cbor", times: 1 } as Fault], 40],
		] as [string, Fault[], number][]) {
			it(`${what}: SUCCEEDED, with at most ${most} blocks too many`, async () => {
				for (const fault of faults) emulator.faults.add(fault);
				const { status } = await lab.passing(run());
				assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
				assertNewImageRuns();
				const blocks = Math.ceil(published.image.byteLength / BLOCK);
				assert.ok(sent >= blocks && sent - blocks <= most, `${sent} blocks were sent, ${blocks} are needed`);
			});
		}

		for (const [what, change, reason] of [
			["that does not exist", { streamId: "nothing" }, "ResourceNotFound"],
			["without that file", { fileId: 9 }, "ResourceNotFound"],
		] as const) {
			it(`a stream ${what}: ${reason}, unless there is a URL`, async () => {
				const document = { ...published.document, ...change };
				const { status, statusDetails } = await run(document);
				assert.deepEqual([status, statusDetails?.reason], ["FAILED", "downloadFailed"]);
				assert.ok(statusDetails?.error?.includes(reason), statusDetails?.error);
				const { document: withUrl } = publishStream(emulator, published.image);
				emulator.service.createJob({ jobId: "other", targets: ["alpha"], document: { ...withUrl, ...change } });
				assert.equal((await ended(emulator, "other")).status, "SUCCEEDED");
				assertNewImageRuns();
			});
		}

		it("a silent stream is asked again and again, then given up: FAILED", async () => {
			emulator.faults.add({ action: "lose", to: "device", topic: "*/data/cbor" });
			const { status, statusDetails } = await lab.passing(run());
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "downloadFailed"]);
			assert.equal(statusDetails?.error, "the stream is silent");
		});
	});
