import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, Packed } from "../kit/packed.js";

/** Read, and not loaded. */
const DATA = [
	"schema/OtaDocument.json",
	"host-test/policies/device.json",
	"host-test/cli/page/page.js",
	"host-test/xs/native/Makefile",
	"dist/xs/platform/host.js",
	"manifest.json",
];
const MAX_FILES = 650;
const MAX_BYTES = 6 * 1_024 * 1_024;

/** A consumer in TypeScript, with the strictest compiler and none of Node.js's types. */
const CONSUMER = `
import { Emulator, makeImage, VirtualClock, VirtualDevice, type Execution, type Fault } from "moddable-iot-jobs";

const emulator: Emulator = await Emulator.start({ things: ["lamp"], clock: new VirtualClock() });
const fault: Fault = { action: "lose", to: "device", times: 1 };
const id: string = emulator.faults.add(fault);
emulator.faults.remove(id);
const { name, certificate } = await emulator.createThing("other", { groups: ["lamps"] });
const device: VirtualDevice = await emulator.device(name, { factoryImage: makeImage({ version: "1.0.0" }) });
const stop: () => void = device.on("boot", ({ version, slot }) => certificate.includes(version + slot));
emulator.on("message", ({ payload }) => payload.byteLength);
const { jobId } = emulator.createJob({ groups: ["lamps"], document: { operation: "reboot" } });
const execution: Execution = await emulator.waitForExecution(jobId, name, { timeoutMs: 1_000 });
// @ts-expect-error a status that is none
if (execution.status === "DONE") stop();
await emulator.close();
`;

const STRICTEST = {
	...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
	...{ types: [], noEmit: true, target: "es2022", module: "nodenext" },
};

function assertDone({ code, output }: Finished): void {
	assert.equal(code, 0, output);
}

describe("The package, as npm packs it, in an empty folder", function () {
	this.timeout(240_000);
	let packed: Packed;
	before(async () => {
		packed = await Packed.make();
	});
	after(() => packed?.clear());

	it("has what is read and not loaded, no sources of the host, and stays small", () => {
		assert.deepEqual(
			DATA.filter((path) => !packed.files.includes(path)),
			[],
		);
		const sources = packed.files.filter((path) => /^(host-test|dist)\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"));
		assert.deepEqual(sources, []);
		assert.deepEqual(
			packed.files.filter((path) => path.includes("node_modules") || path.includes("/xs/build/")),
			[],
		);
		assert.ok(packed.files.length < MAX_FILES, `${packed.files.length} files`);
		const home = join(packed.folder, "node_modules/moddable-iot-jobs");
		const bytes = packed.files.reduce((sum, path) => sum + readFileSync(join(home, path)).byteLength, 0);
		assert.ok(bytes < MAX_BYTES, `${bytes} bytes`);
	});

	it("needs no loader: neither tsx nor esbuild nor the compiler", () => {
		const path = join(packed.folder, "node_modules/moddable-iot-jobs/package.json");
		const { dependencies } = JSON.parse(readFileSync(path, "utf8"));
		assert.deepEqual(
			Object.keys(dependencies).filter((name) => /tsx|esbuild|typescript/.test(name)),
			[],
		);
	});

	it("runs the example for node:test", async () => {
		packed.put("examples/tests/node-test.test.mjs");
		assertDone(await packed.node("--test", "examples/tests/node-test.test.mjs"));
	});

	it("runs the example for mocha", async () => {
		packed.put("examples/tests/mocha.spec.mjs");
		packed.link("mocha");
		assertDone(await packed.node("node_modules/mocha/bin/mocha.js", "examples/tests/mocha.spec.mjs"));
	});

	it("runs the example in Python, with a command that is told to end", () => {
		const python = spawnSync("python3", ["--version"]).status === 0;
		if (!python) return; // the image of the gate has it
		packed.put("examples/tests/test_lamp.py");
		const env = { ...process.env, IOT_JOBS: "node node_modules/moddable-iot-jobs/host-test/cli/iot-jobs.js" };
		const { stdout, stderr } = spawnSync("python3", ["examples/tests/test_lamp.py"], { cwd: packed.folder, env });
		assert.equal(stdout.toString(), "ok\n", stderr.toString());
	});

	it("has types that a strict compiler takes, without Node.js's", async () => {
		packed.put("consumer.mts", CONSUMER);
		packed.link("typescript");
		packed.put("tsconfig.json", JSON.stringify({ compilerOptions: STRICTEST, files: ["consumer.mts"] }));
		assertDone(await packed.node("node_modules/typescript/bin/tsc", "-p", "."));
	});

	it("has the command: it says its version, and runs a job", async () => {
		const { version } = JSON.parse(
			readFileSync(join(packed.folder, "node_modules/moddable-iot-jobs/package.json"), "utf8"),
		);
		const said = await packed.command("--version");
		assert.deepEqual(said, { code: 0, output: `${version}\n` });
		packed.put("examples/jobs/reboot.json");
		const ran = await packed.command("simulate", "--thing", "lamp", "--document", "examples/jobs/reboot.json");
		assert.match(ran.output, /SUCCEEDED/);
		assertDone(ran);
	});

	it("runs the agent in XS that is built in the folder", async () => {
		const args = ["simulate", "--thing", "lamp", "--document", "examples/jobs/reboot.json", "--engine", "xs"];
		packed.put("examples/jobs/reboot.json");
		const without = await packed.command(...args);
		assert.match(without.output, /npx iot-jobs build-xs builds it/);
		assert.equal(without.code, 2);
		if (packed.bringXs()) assertDone(await packed.command(...args));
	});
});
