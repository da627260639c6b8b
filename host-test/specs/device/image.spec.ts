import assert from "node:assert/strict";
import { CHIP_NAMES, CHIPS } from "../../device/chips.js";
import { makeImage, type SegmentCount } from "../../device/image.js";
import { programOf, segmentsOf, verifyImage, versionOf } from "../../device/image-format.js";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab } from "../kit/lab.js";

const COUNTS: readonly SegmentCount[] = [3, 4, 5, 6, 7];
const options = { version: "2.0.0", programBytes: 150_001 };

describe("Images in ESP-IDF's format", () => {
	for (const chip of CHIP_NAMES) {
		it(`for the ${chip}, of 3 to 7 segments, with and without SHA-256, boot there alone`, () => {
			const kinds = COUNTS.flatMap((segments) => [true, false].map((hashed) => ({ segments, hashed })));
			for (const { segments, hashed } of kinds) {
				const image = makeImage({ ...options, chip, segments, hashed });
				const header = [image[1], image[23], image.readUInt16LE(12)];
				assert.deepEqual(header, [segments, Number(hashed), CHIPS[chip].id]);
				assert.equal(image.byteLength % 16, 0);
				const boots = CHIP_NAMES.filter((other) => verifyImage(image, other));
				assert.deepEqual(boots, [chip]);
				assert.equal(versionOf(image), "2.0.0");
			}
		});
	}

	it("begin with the description, and keep what is mapped at its place in a page", () => {
		const image = makeImage({ ...options, segments: 7, projectName: "lamp" });
		assert.equal(image.readUInt32LE(32), 0xabcd5432);
		assert.equal(image.subarray(80, 85).toString(), "lamp\0");
		const segments = segmentsOf(image) ?? [];
		const mapped = segments.filter(
			({ address }) => address >= 0x400d0000 || (address >> 16 >= 0x3f40 && address >> 16 < 0x3f80),
		);
		assert.equal(mapped.length, 2);
		for (const { address, at } of mapped) assert.equal(address % 65_536, at % 65_536);
		for (const { data } of segments) assert.equal(data.byteLength % 4, 0);
	});

	it("carry a program, whatever its length", () => {
		for (const length of [0, 1, 1_001, 70_003]) {
			const program = Buffer.alloc(length, 7);
			assert.ok(
				programOf(makeImage({ version: "1", program }))
					.subarray(0, length)
					.equals(program),
			);
		}
	});

	const last = (image: Buffer) => segmentsOf(image)?.at(-1)?.at as number;
	for (const [what, spoil] of [
		[
			"with another byte in its last segment",
			(image) => image.writeUInt8((image[last(image)] as number) ^ 1, last(image)),
		],
		["with another checksum", (image) => image.writeUInt8((image.at(-33) as number) ^ 1, image.byteLength - 33)],
		["with another digest", (image) => image.writeUInt8((image.at(-1) as number) ^ 1, image.byteLength - 1)],
		["of 17 segments", (image) => image.writeUInt8(17, 1)],
		["with a segment past its end", (image) => image.writeUInt32LE(0xffffff, last(image) - 4)],
		["with code that is not where flash is mapped", (image) => image.writeUInt32LE(0x400d0000, last(image) - 8)],
		["with another magic", (image) => image.writeUInt8(0xe8, 0)],
	] as readonly [string, (image: Buffer) => void][]) {
		it(`${what} do not boot`, () => {
			const image = makeImage(options);
			assert.ok(verifyImage(image));
			spoil(image);
			assert.equal(verifyImage(image), false);
		});
	}

	it("without a SHA-256 are still held by their checksum; cut off, they do not boot", () => {
		const image = makeImage({ ...options, hashed: false });
		assert.equal(verifyImage(image.subarray(0, -1)), false);
		image.writeUInt8(1, 40_000);
		assert.equal(verifyImage(image), false);
	});
});

describe("A firmware job with an image as builds have them", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	for (const [segments, hashed] of [
		[3, false],
		[7, true],
	] as const) {
		it(`of ${segments} segments ${hashed ? "with" : "without"} SHA-256 SUCCEEDED`, async () => {
			const emulator = await lab.emulator();
			const device = await lab.device(emulator, { chip: "esp32c3" });
			const image = makeImage({ ...options, programBytes: 40_000, segments, hashed, chip: "esp32c3" });
			const { document } = publishImage(emulator, image);
			emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails } = await lab.passing(ended(emulator, "update"));
			assert.equal(status, "SUCCEEDED", JSON.stringify(statusDetails));
			assert.equal(device.running?.version, "2.0.0");
		});
	}
});
