import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callFor, missing } from "../../cli/mcconfig.js";
import { composeSdkconfig } from "../../cli/sdkconfig.js";
import { readFacts } from "../../sdk/facts.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const facts = readFacts();

describe("The settings of ESP-IDF for a board", () => {
	let moddable: string;
	beforeEach(() => {
		moddable = mkdtempSync(join(tmpdir(), "iot-jobs-sdk-"));
	});
	afterEach(() => rmSync(moddable, { recursive: true }));

	function board(name: string, defaults: string): string {
		const folder = join(moddable, "build/devices/esp32/targets", name);
		mkdirSync(join(folder, "own"), { recursive: true });
		writeFileSync(join(folder, "manifest.json"), JSON.stringify({ build: { SDKCONFIGPATH: "./own" } }));
		writeFileSync(join(folder, "own/sdkconfig.defaults"), defaults);
		return composeSdkconfig(moddable, name, "3.1.0");
	}

	const written = (folder: string, name = "sdkconfig.defaults") => readFileSync(join(folder, name), "utf8");

	it("are the board's own, then ours, then the image's version", () => {
		const text = written(board("spec_cdc", "CONFIG_ESPTOOLPY_AFTER_NORESET=y\n"));
		assert.match(text, /NORESET=y.*ROLLBACK_ENABLE=y.*VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="3\.1\.0"\n$/s);
	});

	it("leave a board its own console", () => {
		const folder = board("spec_usb", "");
		assert.match(written(folder, "sdkconfig.defaults.release"), /CONFIG_ESP_CONSOLE_UART_DEFAULT=y/);
		const target = join(moddable, "build/devices/esp32/targets/spec_usb/own/sdkconfig.defaults.release");
		writeFileSync(target, "CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG=y\n");
		composeSdkconfig(moddable, "spec_usb", "3.1.0");
		assert.doesNotMatch(written(folder, "sdkconfig.defaults.release"), /CONSOLE_UART/);
	});

	it("are ours where the board has none", () => {
		assert.match(written(composeSdkconfig(moddable, undefined, "1.0.0")), /ROLLBACK_ENABLE=y/);
	});
});

describe("npm run build:esp32, npm run build:sim and npm run flash", () => {
	const all = { MODDABLE: "/sdk", IDF_PATH: "/idf", PATH: "/bin" };
	const call = callFor("flash", ["esp32c3"]);

	for (const [what, env, absent, said] of [
		["the SDK", { PATH: "/bin" }, [], /MODDABLE names no folder: install the Moddable SDK/],
		["the SDK's folder", all, ["/sdk"], /MODDABLE names no folder/],
		["the tools", all, ["/bin/mcconfig"], /mcconfig is not on the PATH/],
		["the compiler", all, ["/bin/tsc"], /npm install --global typescript@6/],
		[
			"the target",
			all,
			["/sdk/build/devices/esp32/targets/esp32c3"],
			/has no target "esp32c3": they are the folders of/,
		],
		["ESP-IDF", { ...all, IDF_PATH: undefined }, [], /IDF_PATH names no folder: install ESP-IDF/],
		["the credentials", all, [join(root, "credentials", "manifest.json")], /npx iot-jobs provision/],
	] as [string, NodeJS.ProcessEnv, string[], RegExp][]) {
		it(`without ${what}: say what to do`, () => {
			assert.match(missing(call, env, (path) => !absent.includes(path)) ?? "", said);
		});
	}

	it("go on when everything is there", () =>
		assert.equal(
			missing(call, all, () => true),
			undefined,
		));

	it("want no ESP-IDF for the simulator, no credentials for another's app", () => {
		const env = { ...all, IDF_PATH: undefined };
		assert.equal(
			missing(callFor("sim", []), env, () => true),
			undefined,
		);
		const foreign = callFor("sim", ["/elsewhere/manifest.json"]);
		assert.equal(
			missing(foreign, env, (path) => !path.includes("credentials")),
			undefined,
		);
	});

	for (const [given, called] of [
		["esp32", "-m -p esp32 -t build manifest.json"],
		["esp32 esp32s3", "-m -p esp32/esp32s3 -t build manifest.json"],
		["esp32 lolin_s2mini -d", "-m -p esp32/lolin_s2mini -t build -d manifest.json"],
		["flash esp32/esp32c3", "-m -p esp32/esp32c3 manifest.json"],
		["flash esp32c3 timeServer=10.0.0.1", "-m -p esp32/esp32c3 timeServer=10.0.0.1 manifest.json"],
		["flash timeServer=10.0.0.1", "-m -p esp32 timeServer=10.0.0.1 manifest.json"],
		["flash esp32c6 -dl examples/https/manifest.json", "-m -p esp32/esp32c6 -dl examples/https/manifest.json"],
		["flash examples/https/manifest.json pollMs=60000", "-m -p esp32 pollMs=60000 examples/https/manifest.json"],
		["sim", "-m -p lin -t build manifest.json"],
		["sim -d version=2.0.0", "-m -p lin -t build -d version=2.0.0 manifest.json"],
	] as const) {
		it(`${given}: calls mcconfig`, () => {
			const [name = "", ...rest] = given.split(" ");
			assert.equal(callFor(name, rest).args.join(" "), called);
		});
	}

	it("are described for targets that the SDK has", () => {
		const pages = ["README.md", "docs/device.md"].map((page) => readFileSync(join(root, page), "utf8")).join("");
		for (const [, target = ""] of pages.matchAll(/npm run (?:flash|build:esp32) -- (\w+)/g)) {
			assert.ok(target === "esp32" || target in facts.targets, target);
		}
	});
});
