import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { decodeBlock, decodeRejection, encodeBlockRequest } from "../../../src/download/stream-messages.js";
import { makeImage } from "../../device/image.js";
import type { Fault } from "../../emulator/faults/faults.js";
import { engines, programFor } from "../kit/engines.js";
import {
	credentialsOf,
	ended,
	Lab,
	publishStream,
	type TestDevice,
	type TestEmulator,
	type TestImage,
} from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

const BLOCK = 2_048;

for (const engine of engines)
	describe(`A firmware job by a file stream, the agent in ${engine}`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		let published: TestImage;
		/** Blocks that the service has sent, and the requests for them. */
		let sent: number;
		let requests: { f: number; l: number; o: number; n: number; b?: Uint8Array }[];
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
			published = publishStream(emulator, makeImage({ version: "2.0.0", programBytes: 200_000 }));
			delete published.document.url;
			const agent = await programFor(engine);
			device = await bench.device(emulator, { program: () => agent });
			sent = 0;
			requests = [];
			emulator.broker.on("message", ({ from, topic, payload }) => {
				if (from === "service" && topic.endsWith("/data/cbor")) sent += 1;
				if (from === "device" && topic.endsWith("/get/cbor")) requests.push(decode(payload));
			});
		});
		afterEach(() => bench.clear());

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
				device = await bench.device(emulator, {
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
			it(`when ${what}: SUCCEEDED, and at most ${most} blocks too many`, async () => {
				for (const fault of faults) emulator.faults.add(fault);
				const { status } = await bench.passing(run());
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
			it(`a stream ${what}: FAILED with ${reason}, unless there is a URL`, async () => {
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

		it("a silent stream is asked again and again, and then given up: FAILED", async () => {
			emulator.faults.add({ action: "lose", to: "device", topic: "*/data/cbor" });
			const { status, statusDetails } = await bench.passing(run());
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "downloadFailed"]);
			assert.equal(statusDetails?.error, "the stream is silent");
		});
	});

describe("The stream service, as any MQTT client sees it", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	let client: MqttJsClient;
	let streamId: string;
	let image: Buffer;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
		const published = publishStream(emulator, makeImage({ version: "2.0.0", programBytes: 12_000 }));
		streamId = String(published.document.streamId);
		image = published.image;
		client = await MqttJsClient.connect(emulator);
	});
	afterEach(async () => {
		await client.end();
		await bench.clear();
	});

	/** @returns what comes on a topic below the stream's, until nothing more does */
	async function ask(operation: string, form: string, payload: object | string | Buffer, id = streamId) {
		const base = `$aws/things/alpha/streams/${id}`;
		const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
		return (await client.collect(`${base}/${operation}/${form}`, bytes)).map(({ topic, bytes: answer }) => ({
			what: topic.slice(base.length + 1),
			body: form === "cbor" ? decode(answer) : JSON.parse(answer.toString()),
		}));
	}

	it("describes a stream, in both forms", async () => {
		const expected = { s: 1, r: [{ f: 3, z: image.byteLength }], c: "t" };
		assert.deepEqual(await ask("describe", "json", { c: "t" }), [{ what: "description/json", body: expected }]);
		const cbor = Buffer.from(encode({ c: "t" }));
		assert.deepEqual(await ask("describe", "cbor", cbor), [{ what: "description/cbor", body: expected }]);
	});

	it("sends the blocks of a bitmap: 130080 from 20 is 20, 21, 24 and 43", async () => {
		const blocks = await ask("get", "json", { c: "t", f: 3, l: 256, o: 20, b: "130080" });
		assert.deepEqual(
			blocks.map(({ body }) => body.i),
			[20, 21, 24, 43],
		);
		for (const { what, body } of blocks) {
			assert.equal(what, "data/json");
			const bytes = image.subarray(body.i * 256, body.i * 256 + 256);
			assert.deepEqual(body, { f: 3, l: bytes.byteLength, i: body.i, p: bytes.toString("base64"), c: "t" });
		}
	});

	it("the whole file, put together, is the file; the last block is shorter", async () => {
		const blocks = await ask("get", "cbor", Buffer.from(encode({ f: 3, l: 4_096, o: 0, n: 100 })));
		assert.ok(Buffer.concat(blocks.map(({ body }) => body.p)).equals(image));
	});

	for (const [what, operation, form, payload, code] of [
		["a block size of 255", "get", "json", { f: 3, l: 255 }, "BlockSizeOutOfBounds"],
		["a block size of 131,073", "get", "json", { f: 3, l: 131_073 }, "BlockSizeOutOfBounds"],
		["an offset past the end", "get", "json", { f: 3, l: 256, o: 98_000 }, "OffsetOutOfBounds"],
		["an offset above 98,304", "get", "json", { f: 3, l: 256, o: 98_305 }, "OffsetOutOfBounds"],
		["no blocks", "get", "json", { f: 3, l: 256, n: 0 }, "BlockCountLimitExceeded"],
		["a bitmap of 12,289 bytes", "get", "json", { f: 3, l: 256, b: "00".repeat(12_289) }, "BlockBitmapLimitExceeded"],
		["another version", "get", "json", { f: 3, l: 256, s: 2 }, "VersionMismatch"],
		["another file", "get", "json", { f: 4, l: 256 }, "ResourceNotFound"],
		["no file", "get", "json", { l: 256 }, "InvalidRequest"],
		["no block size", "get", "json", { f: 3 }, "InvalidRequest"],
		["a bitmap that is no hexadecimal text", "get", "json", { f: 3, l: 256, b: "xyz" }, "InvalidRequest"],
		["a list", "get", "json", [], "InvalidRequest"],
		["a client token of 65 bytes", "get", "json", { c: "c".repeat(65), f: 3, l: 256 }, "InvalidRequest"],
		["no JSON", "get", "json", "{", "InvalidJson"],
		["no CBOR", "get", "cbor", Buffer.from([0xa1]), "InvalidCbor"],
		["an operation that does not exist", "put", "json", {}, "InvalidTopic"],
		["a form that does not exist", "get", "xml", {}, "InvalidTopic"],
	] as const) {
		it(`refuses ${what}: ${code}`, async () => {
			const [answer, ...more] = await ask(operation, form === "xml" ? "xml" : form, payload as never);
			assert.deepEqual([answer?.what, answer?.body.o], [`rejected/${form === "xml" ? "json" : form}`, code]);
			assert.equal(more.length, 0);
		});
	}

	it("sends at most 128 KB for one request", async () => {
		const { document } = publishStream(emulator, makeImage({ version: "3.0.0", programBytes: 300_000 }));
		const blocks = await ask("get", "cbor", Buffer.from(encode({ f: 3, l: 2_048, n: 200 })), String(document.streamId));
		assert.equal(blocks.length, 64);
	});
});

describe("The messages of a stream, as the agent reads and writes them", () => {
	it("a request is the CBOR that another reader understands", () => {
		fc.assert(
			fc.property(
				fc.record({
					fileId: fc.nat(255),
					blockBytes: fc.integer({ min: 256, max: 131_072 }),
					first: fc.nat(98_304),
					count: fc.integer({ min: 1, max: 98_304 }),
					bitmap: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined }),
				}),
				(request) => {
					if (request.bitmap !== undefined && request.bitmap.byteLength > 255) return;
					const { fileId: f, blockBytes: l, first: o, count: n, bitmap: b } = request;
					const decoded = decode(encodeBlockRequest(request));
					assert.deepEqual(decoded, { f, l, o, n, ...(b !== undefined && { b }) });
				},
			),
		);
	});

	it("a block is read whatever else the map holds, and however its length is written", () => {
		const other = fc.oneof(
			fc.string(),
			fc.integer(),
			fc.double(),
			fc.boolean(),
			fc.constant(null),
			fc.uint8Array(),
			fc.array(fc.integer()),
			fc.dictionary(fc.string(), fc.array(fc.string())),
		);
		fc.assert(
			fc.property(fc.nat(255), fc.nat(98_304), fc.uint8Array(), fc.dictionary(fc.string(), other), (f, i, p, more) => {
				const map = { ...more, f, i, p };
				const definite = Uint8Array.from(encode(map));
				assert.deepEqual(decodeBlock(definite), { fileId: f, index: i, payload: p });
				const head = definite.byteLength > 0 && (definite[0] as number) < 0xb8 ? 1 : 2;
				const indefinite = Uint8Array.from([0xbf, ...definite.subarray(head), 0xff]);
				assert.deepEqual(decodeBlock(indefinite), { fileId: f, index: i, payload: p });
				for (const cut of [1, 2, 5]) assert.equal(decodeBlock(definite.subarray(0, -cut)), undefined);
			}),
		);
	});

	it("no bytes make them throw", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
				decodeBlock(bytes);
				decodeRejection(bytes);
			}),
			{ numRuns: 20_000 },
		);
		decodeBlock(new Uint8Array(3_000).fill(0x81)); // lists in lists
		decodeBlock(new Uint8Array(3_000).fill(0xbf));
		assert.deepEqual(decodeRejection(new Uint8Array(0)), { code: "unreadable", message: "" });
	});
});
