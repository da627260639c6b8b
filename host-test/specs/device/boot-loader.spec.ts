import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootLoader } from "../../device/boot-loader.js";
import { FlashFiles } from "../../device/flash-files.js";
import { makeImage } from "../../device/image.js";
import { OtaPartitions } from "../../device/ota-partitions.js";

/** The CRCs of the first sequences, as ESP-IDF's otatool.py writes them. */
const CRCS: Readonly<Record<number, number>> = { 1: 0x4743989a, 2: 0x55f63774 };
const [Pending, Valid, Invalid, Aborted, Undefined] = [1, 2, 3, 4, 0xffffffff];

describe("The boot loader, over the bytes of otadata", () => {
	let directory: string;
	let flash: FlashFiles;
	beforeEach(() => {
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-boot-"));
		flash = new FlashFiles(directory);
		flash.writeSlot(0, makeImage({ version: "1.0.0", programBytes: 1_000 }));
	});
	afterEach(() => rmSync(directory, { recursive: true }));

	/** Sequence and state of each entry, its CRC being right; undefined where it is erased. */
	function entries() {
		const bytes = readFileSync(join(directory, "otadata.bin"));
		return [0, 4_096].map((at) => {
			const sequence = bytes.readUInt32LE(at);
			if (sequence === Undefined) return undefined;
			if (sequence in CRCS) assert.equal(bytes.readUInt32LE(at + 28), CRCS[sequence]);
			return [sequence, bytes.readUInt32LE(at + 24)];
		});
	}

	function change(at: number, value: number): void {
		const path = join(directory, "otadata.bin");
		const bytes = readFileSync(path);
		bytes.writeUInt32LE(value, at);
		writeFileSync(path, bytes);
	}

	const boot = () => bootLoader(flash)?.version;

	function update(version: string, build = {}): void {
		const running = flash.bootData.boot;
		const partitions = new OtaPartitions(flash, running, build);
		const image = makeImage({ version, programBytes: 2_000 });
		assert.equal(partitions.begin(image.byteLength), 0);
		const { erase, write } = partitions.get("nextota");
		for (let sector = 0; sector * 4_096 < image.byteLength; sector += 1) erase?.(sector, false);
		write?.(image, 0);
		assert.equal(partitions.activate(), 0);
	}

	const confirm = () => new OtaPartitions(flash, flash.bootData.boot, {}).confirm();

	it("writes an entry for what came by cable, so that an update can go back to it", () => {
		assert.equal(boot(), "1.0.0");
		assert.deepEqual(entries(), [[1, Valid], undefined]);
	});

	it("puts an update on trial, and gives it up at the next boot", () => {
		boot();
		update("2.0.0");
		assert.equal(boot(), "2.0.0");
		assert.deepEqual(entries(), [
			[1, Valid],
			[2, Pending],
		]);
		assert.equal(boot(), "1.0.0");
		assert.deepEqual(entries(), [
			[1, Valid],
			[2, Aborted],
		]);
	});

	it("counts on: the entries take turns, and the sequence says the slot", () => {
		boot();
		for (const [version, slot] of [
			["2.0.0", 1],
			["3.0.0", 0],
			["4.0.0", 1],
		] as const) {
			update(version);
			assert.deepEqual(bootLoader(flash), { slot, version });
			assert.ok(confirm());
			assert.equal(boot(), version);
		}
		assert.deepEqual(entries(), [
			[3, Valid],
			[4, Valid],
		]);
	});

	it("no update begins on trial; beginning one erases the entry of what it overwrites", () => {
		boot();
		update("2.0.0");
		boot();
		assert.equal(new OtaPartitions(flash, 1, {}).begin(1), 0x1506); // ESP_ERR_OTA_ROLLBACK_INVALID_STATE
		confirm();
		assert.equal(new OtaPartitions(flash, 1, {}).begin(1), 0);
		assert.deepEqual(entries(), [undefined, [2, Valid]]);
	});

	it("aborts what is on trial even where its CRC is torn, and takes the other", () => {
		boot();
		update("2.0.0");
		boot();
		change(4_096 + 28, 7);
		assert.equal(boot(), "1.0.0");
		assert.equal(flash.otaData.state(1), Aborted);
	});

	it("tries the other slot where the image that is to boot is damaged", () => {
		boot();
		update("2.0.0");
		flash.eraseSlot(1, 4_096);
		assert.equal(boot(), "1.0.0");
		assert.deepEqual(entries()[1], [2, Pending]);
		assert.equal(boot(), "1.0.0");
		assert.deepEqual(entries()[1], [2, Aborted]);
		flash.eraseSlot(0);
		assert.equal(boot(), undefined);
	});

	it("boots the first slot where both entries are torn, and writes none", () => {
		boot();
		update("2.0.0");
		change(28, 7);
		change(4_096 + 28, 7);
		assert.equal(boot(), "1.0.0");
		assert.deepEqual(flash.bootData, { boot: 0, states: ["ERASED", "ERASED"] });
	});

	it("without rollback leaves every state as it is", () => {
		bootLoader(flash, false);
		update("2.0.0", { rollback: "nothing" });
		assert.equal(bootLoader(flash, false)?.version, "2.0.0");
		assert.deepEqual(entries(), [
			[1, Valid],
			[2, Undefined],
		]);
	});

	it("takes a rejected image for none; without another it cannot be rejected", () => {
		boot();
		assert.equal(new OtaPartitions(flash, 0, {}).reject(), false);
		update("2.0.0");
		boot();
		assert.equal(new OtaPartitions(flash, 1, {}).reject(), true);
		assert.deepEqual(entries()[1], [2, Invalid]);
		assert.equal(boot(), "1.0.0");
	});
});
