import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Emulator } from "../../emulator/emulator.js";
import { chipsOf, factsOf, needsOf, readFacts } from "../../sdk/facts.js";
import type { Build, Sdk } from "../../sdk/sdk.js";
import { emulatorDirectory, exampleApp, FOREIGN_APP, layOut, output, ROOT_APP, sdk, THING } from "../kit/sdk.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const CHIPS = ["esp32", "esp32/esp32s3", "esp32/esp32c3", "esp32/esp32c6", "esp32/saola_wroom"];
const APPS: [name: string, manifest: string, targets: string[]][] = [
	["the root app", ROOT_APP, [...CHIPS, "lin"]],
	["the minimal app", exampleApp("minimal"), ["esp32/esp32c3", "lin"]],
	["the app with updates alone", exampleApp("ota"), ["esp32/esp32c3", "lin"]],
	["the app over HTTPS", exampleApp("https"), ["esp32/esp32c3", "lin"]],
	["the app with a handler of its own", exampleApp("custom-handler"), ["esp32/esp32c3", "lin"]],
	["an app of somebody else's", FOREIGN_APP, ["esp32/esp32c3", "lin"]],
];

/** Of modules of the SDK's, by xsl, which names no file. */
const OF_THE_SDK = /^### warning: (ssl\/|wifi: )/;

/** But for those about the SDK's own files: a debug build of the simulator has many. */
function warningsIn({ text }: Build, { directory }: Sdk): string[] {
	const lines = text.split("\n").filter((line) => /warning/i.test(line));
	return lines.filter((line) => !OF_THE_SDK.test(line) && !line.includes(`${directory}/`));
}

/** Modules as xsl has left them: the code of a module's body stays where it was not preloaded. */
function modulesIn({ directory }: Build): Map<string, { preloaded: boolean }> {
	const text = readFileSync(join(directory, "mc.xs.c"), "utf8");
	const found = new Map<string, { preloaded: boolean }>();
	for (const [, code, name = ""] of text.matchAll(
		/^\t\{ \w+, NULL, 0, (NULL|\(txS1\*\)\w+), \d+, NULL, 0, "([^"]+)"/gm,
	))
		found.set(name, { preloaded: code === "NULL" });
	return found;
}

function defineBuilds(tools: Sdk): void {
	before(async () => {
		mkdirSync(output, { recursive: true });
		const emulator = await Emulator.start({ directory: emulatorDirectory, things: [THING] });
		await emulator.close();
		await layOut();
	});

	it("the facts that manifest.spec.ts goes by are the SDK's", async () => {
		const { includes, imports } = needsOf(root);
		const { modules, targets } = await factsOf(tools, includes, (name) => imports.has(name), output);
		const recorded = readFacts();
		assert.deepEqual({ modules, targets }, { modules: recorded.modules, targets: recorded.targets });
	});

	it("the facts on settings and partitions are those of the SDK's projects", () =>
		assert.deepEqual(chipsOf(tools), readFacts().chips));

	for (const [name, manifest, targets] of APPS) {
		for (const target of targets) {
			for (const debug of [false, true]) {
				it(`${name} for ${target}, ${debug ? "debug" : "release"}: clean, preloaded`, async () => {
					const build = await tools.build({ target, manifest, output, debug });
					assert.equal(build.status, 0, build.text);
					assert.deepEqual(warningsIn(build, tools), []);
					const modules = modulesIn(build);
					const ours = [...modules].filter(([one]) => one.startsWith("iot-jobs/") || one === "main" || one === "blink");
					assert.ok(ours.length > 40, String(ours.length));
					assert.deepEqual(
						ours.filter(([, { preloaded }]) => !preloaded),
						[],
					);
				});
			}
		}
	}

	it("ESP-IDF's settings and its partitions, as mcconfig has merged them, are ours", async () => {
		for (const [chip, mode] of [
			["esp32", "release"],
			["esp32/esp32c3", "release"],
			["esp32/esp32c3", "debug"],
		] as const) {
			await tools.configure({ target: chip, manifest: ROOT_APP, output, debug: mode === "debug" });
			const directory = join(output, "tmp", chip, mode, "app");
			const project = join(directory, readdirSync(directory).find((one) => one.startsWith("xsProj-")) ?? "");
			const merged = readFileSync(join(project, "sdkconfig.mc"), "utf8");
			assert.match(merged, /^CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y$/m);
			assert.match(merged, /^CONFIG_ESP_TASK_WDT_PANIC=y$/m);
			assert.doesNotMatch(merged, /^CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=y$/m);
			assert.equal(/^CONFIG_ESP_CONSOLE_UART_DEFAULT=y$/m.test(merged), mode === "release");
			assert.match(
				readFileSync(join(project, "partitions.csv"), "utf8"),
				/^ota_1, +app, +ota_1, +0x1F0000, +0x1E0000$/m,
			);
		}
	});

	it("our settings win over the target's: no animated LED, no DHE, our heaps", async () => {
		const flat = join(output, "tmp/esp32/esp32c3/release/app/manifest_flat.json");
		const { config, creation } = JSON.parse(readFileSync(flat, "utf8"));
		assert.equal(config.led.rainbow, false);
		assert.equal(config.tls.DHE_RSA, false);
		const { chunk, heap, stack, main } = creation;
		assert.deepEqual([chunk.initial, heap.initial, stack, main], [78_848, 4_928, 512, "iot-jobs/app/main"]);
	});
}

if (sdk !== undefined) {
	const tools = sdk;
	describe(`With the Moddable SDK ${tools.version}, mcconfig builds`, () => defineBuilds(tools));
}
