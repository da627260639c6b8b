import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { argumentsFor, missing, platformOf } from "../../cli/mcconfig.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

describe("npm run build:esp32 and npm run flash", () => {
	const all = { MODDABLE: "/sdk", IDF_PATH: "/idf", PATH: "/bin" };

	for (const [what, env, absent, said] of [
		["the SDK", { PATH: "/bin" }, [], /MODDABLE names no folder: install the Moddable SDK/],
		["the SDK's folder", all, ["/sdk"], /MODDABLE names no folder/],
		["the tools", all, ["/bin/mcconfig"], /mcconfig is not on the PATH/],
		["the compiler", all, ["/bin/tsc"], /npm install --global typescript@6/],
		["ESP-IDF", { ...all, IDF_PATH: undefined }, [], /IDF_PATH names no folder: install ESP-IDF/],
		["the credentials", all, [join(root, "credentials", "manifest.json")], /iot-jobs provision/],
	] as [string, NodeJS.ProcessEnv, string[], RegExp][]) {
		it(`without ${what}: say what to install`, () => {
			assert.match(missing(env, (path) => !absent.includes(path)) ?? "", said);
		});
	}

	it("go on when everything is there", () =>
		assert.equal(
			missing(all, () => true),
			undefined,
		));

	for (const [given, called] of [
		["esp32", "-m -p esp32 -t build manifest.json"],
		["flash esp32c3", "-m -p esp32/esp32c3 manifest.json"],
		["flash esp32c3 timeServer=10.0.0.1", "-m -p esp32/esp32c3 manifest.json timeServer=10.0.0.1"],
		["flash timeServer=10.0.0.1", "-m -p esp32 manifest.json timeServer=10.0.0.1"],
		[
			"flash esp32s3 examples/custom-handler/manifest.json",
			"-m -p esp32/esp32s3 examples/custom-handler/manifest.json",
		],
		["flash examples/https/manifest.json pollMs=60000", "-m -p esp32 examples/https/manifest.json pollMs=60000"],
	] as const) {
		it(`${given}: calls mcconfig`, () => {
			const [name = "", ...rest] = given.split(" ");
			assert.equal(argumentsFor(name, rest).join(" "), called);
		});
	}

	it("know the chips of the ESP32 family, and no others", () => {
		assert.equal(platformOf("esp32", undefined), "esp32");
		assert.equal(platformOf("esp32", "esp32c3"), "esp32/esp32c3");
		assert.throws(() => platformOf("esp32", "esp8266"), /no chip of the family: esp32, esp32s2/);
	});
});
