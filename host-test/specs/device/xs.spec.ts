import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeImage } from "../../device/image.js";
import { chipHeaps, firstTrace, prepareXsApp, type XsApp, xsProgram } from "../../xs/xs-app.js";
import type { XsMachine } from "../../xs/xs-machine.js";
import type { Heaps, Sample } from "../../xs/xs-process.js";
import { engines, xsApp } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage, publishStream } from "../kit/images.js";
import { Lab, turns } from "../kit/lab.js";

const kit = (name: string) => fileURLToPath(new URL(`../kit/${name}.ts`, import.meta.url));

/**
 * What the agent may take beyond what lies in flash on the chip, measured, with at most 3 % of room: live memory at rest,
 * and the heaps in which whole jobs still run. With the message buffer (4,096 bytes); built-in credentials stay in flash.
 */
const AT_REST = { slots: 355, chunks: 4_580 };
const OTA_PEAK = { slots: 632, chunks: 9_180 };
const CODE_BYTES = 107_000;
const DOCUMENT_PEAK = { slots: 485, chunks: 13_100 };

function smallHeaps(app: XsApp, { slots, chunks }: { slots: number; chunks: number }): Heaps {
	// On 64 bits slots are as many, and the bytes of a chunk at most twice as many.
	const factor = app.engine.bits === 32 ? 1 : 2;
	return { ...chipHeaps(app), slots: app.base.slots + slots, chunks: app.base.chunks + chunks * factor };
}

/** Runs a program that needs no device. @returns what it traced */
async function runAlone(app: XsApp): Promise<Record<string, number> & { changed?: string[] }> {
	return JSON.parse(await firstTrace(app));
}

if (engines.includes("xs")) {
	describe("In XS, the chip's engine", () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("a million topics cost the parser no slot, no byte and no collection", async () => {
			const { recognised, slots, chunks, collections, meterPerTopic } = await runAlone(
				await xsApp(kit("xs-main-parser")),
			);
			assert.equal(recognised, 500_000);
			assert.deepEqual([slots, chunks, collections], [0, 0, 0]);
			process.stdout.write(`      ${meterPerTopic?.toFixed(0)} metering units a topic\n`);
		});

		it("a message takes no slot from the MQTT client's callback to the decision", async () => {
			const { ignored, awaited, wasAwaited } = await runAlone(await xsApp(kit("xs-main-path")));
			assert.deepEqual([ignored, awaited, wasAwaited], [0, 0, 1]);
		});

		it("what the agent's modules declare cannot be changed, as in flash", async () => {
			const { attempts, changed } = await runAlone(await xsApp(kit("xs-main-frozen")));
			assert.equal(attempts, 4);
			assert.deepEqual(changed, []);
		});

		it("full memory resets the device: the job FAILED, and the next one is done", async () => {
			const emulator = await lab.emulator();
			const app = await xsApp(kit("xs-main-hog"));
			const device = await lab.device(emulator, { program: () => xsProgram(app) });
			emulator.service.createJob({ jobId: "hog", targets: ["alpha"], document: { operation: "hog" } });
			emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "dance" } });
			device.powerOn();
			const execution = await ended(emulator, "hog");
			assert.deepEqual([execution.status, execution.statusDetails?.reason], ["FAILED", "tooManyResets"]);
			assert.equal(execution.statusDetails?.resetReason, "software");
			assert.ok(device.lines.some((line) => line.includes("memory full")));
			assert.equal((await ended(emulator, "next")).status, "REJECTED");
		});

		/** A device in XS, and what its memory is at rest and at peak beyond what lies in flash on the chip. */
		async function measured(app: XsApp, heaps = chipHeaps(app)) {
			const emulator = await lab.emulator();
			let xs: XsMachine | undefined;
			const onMachine = (machine: XsMachine) => {
				xs = machine;
			};
			const device = await lab.device(emulator, { program: () => xsProgram(app, { heaps, onMachine }) });
			// The least of some moments: a timer of the next turn is not at rest.
			const atRest = async () => {
				const samples: Sample[] = [];
				for (let i = 0; i < 10; i += 1) {
					await turns();
					samples.push((await xs?.collect()) as Sample);
				}
				const least = (name: "slots" | "chunks") => Math.min(...samples.map((sample) => sample[name])) - app.base[name];
				return { slots: least("slots"), chunks: least("chunks") };
			};
			return { emulator, device, atRest };
		}

		/** Bytes of both heaps; a slot of the chip has 16. */
		const bytes = ({ slots, chunks }: { slots: number; chunks: number }) => slots * 16 + chunks;

		it("at rest the agent takes no more memory than docs/memory.md says", async () => {
			const app = await xsApp();
			const { device, atRest } = await measured(app);
			device.powerOn();
			await device.said(/nothing is pending/);
			const rest = await atRest();
			const message = `${rest.slots} slots, ${rest.chunks} bytes of chunks: ${bytes(rest)} bytes`;
			process.stdout.write(`      ${message}\n`);
			if (app.engine.bits === 32) assert.ok(rest.slots <= AT_REST.slots && rest.chunks <= AT_REST.chunks, message);
		});

		for (const [source, publish] of [
			["over HTTPS", publishImage],
			["by a file stream", publishStream],
		] as const) {
			it(`a firmware job ${source} fits in the heaps that docs/memory.md names`, async () => {
				const app = await xsApp();
				const { emulator, device } = await measured(app, smallHeaps(app, OTA_PEAK));
				const { document } = publish(emulator, makeImage({ version: "2.0.0", programBytes: 100_000 }));
				emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
				device.powerOn();
				assert.equal((await ended(emulator, "update")).status, "SUCCEEDED", device.lines.join("\n"));
				assert.equal(device.aborts, 0);
				assert.ok(source === "over HTTPS" || emulator.images.ranges.length === 0);
			});
		}

		it("the largest accepted document fits in the heaps that docs/memory.md names", async () => {
			const app = await xsApp();
			const { emulator, device } = await measured(app, smallHeaps(app, DOCUMENT_PEAK));
			const document = { operation: "reboot", padding: "x".repeat(3_700) };
			emulator.service.createJob({ jobId: "large", targets: ["alpha"], document });
			device.powerOn();
			assert.equal((await ended(emulator, "large")).status, "SUCCEEDED", device.lines.join("\n"));
			assert.equal(device.aborts, 0);
		});

		it("the agent's byte code is no more than docs/memory.md says", async () => {
			const directory = mkdtempSync(join(tmpdir(), "iot-jobs-size-"));
			const { engine } = await xsApp();
			const { modules } = await prepareXsApp(engine, directory, { freeze: false });
			rmSync(directory, { recursive: true });
			const agent = modules.filter(({ name }) => name.startsWith("src/"));
			const total = agent.reduce((sum, { code }) => sum + code, 0);
			process.stdout.write(`      ${total} bytes in ${agent.length} modules\n`);
			// A name takes two bytes in the chip's byte code, four in that of 64 bits.
			const longer = engine.bits === 64 ? 1.2 : 1;
			assert.ok(total <= CODE_BYTES * longer, `${total} bytes`);
		});

		it("docs/memory.md and README.md have these figures", () => {
			const [memory = "", readme = ""] = ["docs/memory.md", "README.md"].map((path) =>
				readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"),
			);
			const thousands = (value: number) => value.toLocaleString("en-US");
			for (const page of [memory, readme]) assert.ok(page.includes(`under ${thousands(CODE_BYTES)} bytes`));
			for (const peak of [AT_REST, OTA_PEAK]) assert.ok(readme.includes(`| ${thousands(bytes(peak))} bytes `));
			for (const { slots, chunks } of [AT_REST, OTA_PEAK, DOCUMENT_PEAK]) {
				const cells = [slots, chunks, bytes({ slots, chunks })].map(thousands);
				assert.match(memory, new RegExp(`\\| +${cells.join(" +\\| +")} +\\|`));
			}
		});
	});
}
