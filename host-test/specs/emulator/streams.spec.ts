import assert from "node:assert/strict";
import { decode, encode } from "cborg";
import { makeImage } from "../../device/image.js";
import { publishStream } from "../kit/images.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";

describe("The stream service, as any MQTT client sees it", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let client: MqttJsClient;
	let streamId: string;
	let image: Buffer;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		const published = publishStream(emulator, makeImage({ version: "2.0.0", programBytes: 12_000 }));
		streamId = String(published.document.streamId);
		image = published.image;
		client = await MqttJsClient.connect(emulator);
	});
	afterEach(async () => {
		await client.end();
		await lab.clear();
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

	it("describes a stream, in JSON and in CBOR", async () => {
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

	it("sends the whole file; its last block is shorter", async () => {
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
