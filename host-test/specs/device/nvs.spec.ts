import assert from "node:assert/strict";
import { NvsPages, NvsType } from "../../device/nvs.js";

const full = { message: "ESP_ERR_NVS_NOT_ENOUGH_SPACE" };

/** The SDK's partition of 6 pages: 630 entries beside the page that stays free. */
const small = () => {
	const pages = new NvsPages(0x6000);
	pages.open("a", true);
	return pages;
};

describe("The pages of NVS", () => {
	it("have 126 entries each, and one of them stays free", () => {
		const pages = small();
		for (let i = 1; i < 630; i += 1) pages.write(`a/${i}`, String(i), NvsType.u8, 1);
		assert.throws(() => pages.write("a/x", "x", NvsType.u8, 1), full);
		pages.erase("a/7");
		pages.write("a/x", "x", NvsType.u8, 1);
	});

	it("take 66 entries for a blob of 2,048 bytes: nine of them, and no tenth", () => {
		const pages = small();
		for (let i = 0; i < 9; i += 1) pages.write(`a/${i}`, String(i), NvsType.blob, 2_048);
		assert.throws(() => pages.write("a/9", "9", NvsType.blob, 2_048), full);
	});

	it("keep the old value until the new one is there: no room for both is no room", () => {
		const pages = small();
		pages.write("a/x", "x", NvsType.blob, 11_000);
		assert.throws(() => pages.write("a/x", "x", NvsType.blob, 11_001), full);
		pages.write("a/y", "y", NvsType.blob, 5_000);
		pages.write("a/y", "y", NvsType.blob, 3_000);
	});

	it("give back what a blob had that did not fit", () => {
		const pages = small();
		for (let i = 0; i < 20; i += 1) assert.throws(() => pages.write("a/x", "x", NvsType.blob, 19_990), full);
		pages.write("a/x", "x", NvsType.blob, 15_000);
	});

	it("are written again and again for ever", () => {
		const pages = small();
		for (let i = 0; i < 5_000; i += 1) pages.write(`a/${i % 7}`, String(i % 7), NvsType.blob, 100 + ((i * 37) % 900));
	});

	it("take a text of 4,000 bytes, its end included, and a name of 15", () => {
		const pages = small();
		pages.write("a/t", "t", NvsType.string, 4_000);
		assert.throws(() => pages.write("a/t", "t", NvsType.string, 4_001), { message: "ESP_ERR_NVS_VALUE_TOO_LONG" });
		assert.throws(() => pages.write("a/b", "b", NvsType.blob, 20_001), { message: "ESP_ERR_NVS_VALUE_TOO_LONG" });
		assert.throws(() => pages.open("0123456789abcdef", true), { message: "ESP_ERR_NVS_KEY_TOO_LONG" });
		assert.throws(() => pages.open("b", false), { message: "ESP_ERR_NVS_NOT_FOUND" });
	});
});
