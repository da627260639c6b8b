import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Emulator } from "../../emulator/emulator.js";
import { type Pair, Pki } from "../../emulator/identity/pki.js";
import type { Sdk } from "../../sdk/sdk.js";
import { flashByCable, makeProgramImage } from "../../simulator/boot-loader.js";
import { type Display, openDisplay } from "../../simulator/display.js";
import { Simulator } from "../../simulator/simulator.js";
import { type Flight, HalfServer, Message, message, record, type Signature } from "../kit/handshake.js";
import { DATA_PORT, emulatorDirectory, layOut, MQTT_PORT, output, ROOT_APP, sdk, THING } from "../kit/sdk.js";
import { Spoiler } from "../kit/spoiler.js";

function defineHandshakes(tools: Sdk): void {
	let display: Display;
	let flash: string;
	let board: Simulator;
	let half: HalfServer | undefined;
	let genuine: Pair;
	let stranger: Pair;
	let ca: string;

	before(async () => {
		const emulator = await Emulator.start({ directory: emulatorDirectory, things: [THING] });
		await emulator.close();
		const pki = await Pki.open(emulatorDirectory);
		genuine = await pki.server([]);
		({ ca } = pki);
		stranger = await (await Pki.open(join(output, "stranger"))).server([]);
		await layOut();
		const settings = ["version=1.0.0", "startJitterMs=0"];
		const { status, text, program } = await tools.build({ target: "lin", manifest: ROOT_APP, output, settings });
		assert.equal(status, 0, text);
		flash = mkdtempSync(join(output, "flash-"));
		flashByCable(flash, makeProgramImage(readFileSync(program), "1.0.0"));
		display = await openDisplay();
	});
	after(() => {
		display?.close();
		rmSync(flash, { recursive: true });
	});
	beforeEach(() => {
		board = new Simulator(tools, flash, display.name);
	});
	afterEach(async () => {
		board.cutPower();
		await half?.close();
		half = undefined;
	});

	/** @returns whether the board has believed the server, or else what it has said */
	async function meet(flight: Partial<Flight>): Promise<string> {
		const server = await HalfServer.listen(MQTT_PORT, { chain: genuine.certificate, ...genuine, ...flight });
		half = server;
		let aborts = 0;
		board.on("reset", () => {
			aborts += 1;
		});
		let over = false;
		const believed = (async () => {
			while (!server.believed && !over) await new Promise((resolve) => setTimeout(resolve, 20));
			return "believed";
		})();
		board.powerOn();
		const said = await Promise.race([believed, board.said(/connection given up/)]);
		over = true;
		assert.equal(aborts, 0, board.lines.join("\n"));
		return said;
	}

	const spoiled = (change: Partial<Signature>) => meet({ spoil: (right) => ({ ...right, ...change }) });

	it("takes a key that is signed as it should be", async () => {
		assert.equal(await meet({}), "believed", board.lines.join("\n"));
	});

	it("refuses a key that is not signed: no hash, no algorithm, no signature", async () => {
		assert.match(await spoiled({ hash: 0 }), /not signed/);
		board.cutPower();
		await half?.close();
		board = new Simulator(tools, flash, display.name);
		assert.match(await spoiled({ algorithm: 0 }), /not signed/);
		board.cutPower();
		await half?.close();
		board = new Simulator(tools, flash, display.name);
		assert.match(await spoiled({ bytes: Buffer.alloc(0) }), /not signed/);
	});

	it("refuses a wrong signature, and connects once the right server is back", async () => {
		assert.match(await spoiled({ bytes: Buffer.alloc(256, 1) }), /given up/);
		await half?.close();
		half = undefined;
		const at = { mqttPort: MQTT_PORT, dataPort: DATA_PORT };
		const emulator = await Emulator.start({ directory: emulatorDirectory, things: [THING], ...at });
		await board.said(/nothing is pending/);
		board.cutPower();
		await emulator.close();
	});

	it("refuses a server that anybody made, with a genuine certificate behind its own", async () => {
		const [leaf = ""] = stranger.certificate.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/) ?? [];
		const { privateKey } = stranger;
		assert.match(await meet({ chain: leaf + ca, privateKey }), /certificate: auth err/);
	});

	it("refuses a handshake that is over before it has begun", async () => {
		assert.match(await meet({ instead: record(22, message(Message.finished, Buffer.alloc(12))) }), /message 20 in the/);
	});

	it("ends a connection at a broken second record in a segment, and connects again", async () => {
		const at = { mqttPort: 0, dataPort: DATA_PORT };
		const emulator = await Emulator.start({ directory: emulatorDirectory, things: [THING], ...at });
		const spoiler = await Spoiler.listen(MQTT_PORT, emulator.addresses.mqtt.port);
		try {
			const resets: unknown[] = [];
			board.on("reset", (reset) => resets.push(reset));
			board.powerOn();
			const reset = new Promise<string>((resolve) => board.once("reset", () => resolve("reset")));
			const first = await Promise.race([reset, board.said(/connection given up/)]);
			assert.match(first, /auth failed/, board.lines.join("\n"));
			spoiler.spoils = false;
			await board.said(/nothing is pending/);
			assert.equal(spoiler.spoiled, 1);
			assert.equal(board.lines.filter((line) => line.includes("given up")).length, 1, board.lines.join("\n"));
			assert.deepEqual(resets, []);
		} finally {
			board.cutPower();
			await spoiler.close();
			await emulator.close();
		}
	});
}

if (sdk !== undefined) {
	const tools = sdk;
	describe(`TLS of the Moddable SDK ${tools.version}, with our fence`, () => defineHandshakes(tools));
}
