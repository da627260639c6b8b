import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobDocument } from "../../../src/protocol/messages.js";
import { rotateDocument } from "../../cli/rotate.js";
import { Emulator } from "../../emulator/emulator.js";
import type { Execution } from "../../emulator/jobs/execution.js";
import type { Sdk } from "../../sdk/sdk.js";
import { flashByCable, makeProgramImage } from "../../simulator/boot-loader.js";
import { type Display, openDisplay } from "../../simulator/display.js";
import { Simulator } from "../../simulator/simulator.js";
import { ended } from "../kit/executions.js";
import { publishImage, publishStream } from "../kit/images.js";
import { Operator } from "../kit/operator.js";
import { sign } from "../kit/ota-documents.js";
import {
	DATA_PORT,
	emulatorDirectory,
	layOut,
	layOutSigned,
	MEASURED_APP,
	MQTT_PORT,
	output,
	ROOT_APP,
	SIGNED_APP,
	sdk,
	THING,
} from "../kit/sdk.js";

interface Made {
	readonly certificateId: string;
	readonly certificateArn: string;
	readonly certificatePem: string;
	readonly keyPair: { readonly PrivateKey: string };
}

function defineRuns(tools: Sdk): void {
	let emulator: Emulator;
	let display: Display;
	const images = new Map<string, Buffer>();
	let flash: string;
	let board: Simulator;

	async function build(version: string, ...others: string[]): Promise<void> {
		const settings = [`version=${version}`, "startJitterMs=0", ...others];
		const { status, text, program } = await tools.build({ target: "lin", manifest: ROOT_APP, output, settings });
		assert.equal(status, 0, text);
		images.set(version, makeProgramImage(readFileSync(program), version));
	}

	const image = (version: string) => images.get(version) as Buffer;

	/** Runs a job to its end. @returns the execution; the console is shown when a test fails */
	async function run(jobId: string, document: JobDocument): Promise<Execution> {
		emulator.service.createJob({ jobId, targets: [THING], document });
		board.powerOn();
		return await ended(emulator, jobId, THING);
	}

	const said = () => board.lines.join("\n");

	before(async () => {
		emulator = await Emulator.start({
			directory: emulatorDirectory,
			things: [THING],
			mqttPort: MQTT_PORT,
			dataPort: DATA_PORT,
		});
		emulator.service.setMaxListeners(0);
		await layOut();
		await build("1.0.0");
		await build("2.0.0");
		await build("3.0.0", "host="); // main() throws: there is no endpoint
		display = await openDisplay();
	});
	after(async () => {
		display?.close();
		await emulator?.close();
	});

	beforeEach(() => {
		flash = mkdtempSync(join(output, "flash-"));
		flashByCable(flash, image("1.0.0"));
		board = new Simulator(tools, flash, display.name);
	});
	afterEach(function () {
		if (this.currentTest?.state === "failed") process.stdout.write(`${said()}\n`);
		board.cutPower();
		rmSync(flash, { recursive: true });
	});

	it("diagnostics and reboot", async () => {
		const { status, statusDetails } = await run("diagnostics", { operation: "diagnostics" });
		assert.equal(status, "SUCCEEDED", said());
		assert.equal(statusDetails?.version, "1.0.0");
		const reboot = await run("reboot", { operation: "reboot" });
		assert.deepEqual([reboot.status, reboot.statusDetails], ["SUCCEEDED", { resetReason: "software" }], said());
	});

	for (const [source, publish] of [
		["over HTTPS", publishImage],
		["by a file stream", publishStream],
	] as const) {
		it(`an update ${source}: the new program runs, and has said so`, async () => {
			const boots: string[] = [];
			board.on("boot", ({ slot, version }) => boots.push(`${version} from ${slot}`));
			const { document } = publish(emulator, image("2.0.0"));
			const jobId = `update-${source.length}`;
			const { status, statusDetails } = await run(jobId, document);
			assert.equal(status, "SUCCEEDED", said());
			assert.deepEqual(statusDetails, { from: "1.0.0", to: "2.0.0" });
			assert.deepEqual(boots, ["1.0.0 from 0", "2.0.0 from 1"]);
			const next = await run(`${jobId}-then`, { operation: "diagnostics" });
			assert.equal(next.statusDetails?.version, "2.0.0");
		});
	}

	it("an update that ends in an exception: the old one runs again, and reports", async () => {
		const boots: string[] = [];
		board.on("boot", ({ slot, version }) => boots.push(`${version} from ${slot}`));
		const { document } = publishImage(emulator, image("3.0.0"), "3.0.0");
		const { status, statusDetails } = await run("bad", document);
		assert.deepEqual([status, statusDetails?.reason], ["FAILED", "rolledBack"], said());
		assert.deepEqual(boots, ["1.0.0 from 0", "3.0.0 from 1", "1.0.0 from 0"]);
	});

	it("a power cut in the middle of an update", async () => {
		const { document } = publishImage(emulator, image("2.0.0"));
		board.powerOn();
		await board.said(/nothing is pending/);
		const ending = run("cut", document);
		await new Promise<void>((resolve) => {
			emulator.service.on("execution", (_thing, { jobId, statusDetails }) => {
				if (jobId === "cut" && Number(statusDetails?.percent) > 20) resolve();
			});
		});
		board.cutPower();
		board.powerOn();
		assert.equal((await ending).status, "SUCCEEDED", said());
	});

	it("twenty power cuts at random moments of one update: it is done, once", async () => {
		const { document } = publishImage(emulator, image("2.0.0"));
		const states: string[] = [];
		emulator.service.on("execution", (_thing, { jobId, status }) => {
			if (jobId === "twenty" && status !== "IN_PROGRESS") states.push(status);
		});
		let over = false;
		const ending = run("twenty", document).finally(() => {
			over = true;
		});
		for (let cuts = 0; cuts < 20 && !over; cuts += 1) {
			await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 2_500));
			board.cutPower();
			board.powerOn();
		}
		const { status, statusDetails } = await ending;
		assert.deepEqual([status, statusDetails], ["SUCCEEDED", { from: "1.0.0", to: "2.0.0" }], said());
		assert.deepEqual(states, ["QUEUED", "SUCCEEDED"]);
	});

	it("config: settings that lead nowhere give way after three more resets", async () => {
		emulator.service.createJob({
			jobId: "config",
			targets: [THING],
			document: { operation: "config", settings: { port: 1 } },
		});
		board.powerOn();
		await board.said(/connecting to 127\.0\.0\.1:1$/);
		for (let i = 0; i < 3; i += 1) {
			const from = board.lines.length;
			board.cutPower();
			board.powerOn();
			await board.said(/connecting to/, from);
		}
		const { status, statusDetails } = await ended(emulator, "config", THING);
		assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], said());
	});

	it("config: good settings are kept", async () => {
		const { status } = await run("settings", { operation: "config", settings: { app: { interval: 60 } } });
		assert.equal(status, "SUCCEEDED", said());
	});

	it("rotate-certificate: the new one is used from then on", async () => {
		const operator = new Operator(emulator);
		const made = (await operator.must("POST", "/keys-and-certificate?setAsActive=true")) as unknown as Made;
		await operator.must("PUT", `/things/${THING}/principals`, undefined, { "x-amzn-principal": made.certificateArn });
		await operator.allow(made.certificateArn);
		const { status, statusDetails } = await run("rotate", rotateDocument(made.certificatePem, made.keyPair.PrivateKey));
		assert.deepEqual([status, statusDetails], ["SUCCEEDED", { certificateId: made.certificateId }], said());
	});

	describe("with a code signing key", () => {
		let signedFlash: Buffer;
		let key: KeyObject;
		before(async () => {
			({ privateKey: key } = newKey());
			const file = join(output, "code-signing.pem");
			writeFileSync(file, createPublicKey(key).export({ type: "spki", format: "pem" }));
			await layOutSigned(file);
			const settings = ["version=1.0.0", "startJitterMs=0"];
			const { status, text, program } = await tools.build({ target: "lin", manifest: SIGNED_APP, output, settings });
			assert.equal(status, 0, text);
			signedFlash = makeProgramImage(readFileSync(program), "1.0.0");
		});
		beforeEach(() => flashByCable(flash, signedFlash));

		it("installs a signed image", async () => {
			const { document } = publishImage(emulator, image("2.0.0"));
			const { status, statusDetails } = await run("signed", {
				...document,
				signature: sign(image("2.0.0"), key),
			} as JobDocument);
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { from: "1.0.0", to: "2.0.0" }], said());
		});

		for (const [what, signature, outcome] of [
			["signed by another key", () => sign(image("2.0.0"), newKey().privateKey), ["FAILED", "signatureInvalid"]],
			["that is not the signed one", () => sign(image("1.0.0"), key), ["FAILED", "signatureInvalid"]],
			["that is not signed", () => undefined, ["REJECTED", "signatureMissing"]],
		] as const)
			it(`an image ${what} does not run: ${outcome.join(", ")}`, async () => {
				const boots: string[] = [];
				board.on("boot", ({ slot, version }) => boots.push(`${version} from ${slot}`));
				const { document } = publishImage(emulator, image("2.0.0"));
				const jobId = what.replaceAll(" ", "-");
				const { status, statusDetails } = await run(jobId, { ...document, signature: signature() } as JobDocument);
				assert.deepEqual([status, statusDetails?.reason], outcome, said());
				assert.deepEqual(boots, ["1.0.0 from 0"]);
			});
	});

	it("takes the heaps of the chip, TLS included, at rest and in an update", async () => {
		const settings = ["version=1.0.0", "startJitterMs=0"];
		const measured = { target: "lin", manifest: MEASURED_APP, output, settings, instrument: true };
		const { status, text, program } = await tools.build(measured);
		assert.equal(status, 0, text);
		flashByCable(flash, makeProgramImage(readFileSync(program), "1.0.0"));
		board.powerOn();
		await board.said(/nothing is pending/);
		await board.said(/memory collected/, board.lines.length);
		const rest = told(board.lines, "collected").at(-1);
		const connecting = peak(told(board.lines, "used"));
		const { document } = publishImage(emulator, image("2.0.0"));
		assert.equal((await run("measured", document)).status, "SUCCEEDED", said());
		const update = peak(told(board.lines, "used"));
		process.stdout.write(
			`      slots, chunks, stack: at rest ${rest}, connecting ${connecting}, an update ${update}\n`,
		);
		assert.ok((rest?.[0] ?? 9_999) < 2_000, String(rest));
	});
}

const newKey = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });

/** On the 64 bits of the simulator; the chip's has 16 bytes. */
const SLOT_BYTES = 32;

/** What the measured app has told: slots in use, bytes of chunks in use, slots of the stack in use. */
function told(lines: readonly string[], what: "used" | "collected"): number[][] {
	return lines
		.filter((line) => line.startsWith(`memory ${what} `))
		.map((line) => line.split(" ").slice(2).map(Number))
		.map(([slots = 0, chunks = 0, stack = 0]) => [slots / SLOT_BYTES, chunks, stack / SLOT_BYTES]);
}

function peak(samples: readonly number[][]): number[] {
	return [0, 1, 2].map((i) => Math.max(...samples.map((sample) => sample[i] ?? 0)));
}

if (sdk !== undefined) {
	const tools = sdk;
	describe(`In the simulator of the Moddable SDK ${tools.version}`, () => defineRuns(tools));
}
