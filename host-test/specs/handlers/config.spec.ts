import assert from "node:assert/strict";
import { cutAtEach } from "../kit/cut-at-each.js";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";
import { portOf, Switchboard } from "../kit/switchboard.js";

for (const engine of engines)
	describe(`A config job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		/** Another way to the broker. */
		let door: Switchboard;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
			door = await Switchboard.open(emulator.addresses.mqtt.port);
		});
		afterEach(async () => {
			await lab.clear();
			await door.close();
		});

		const device = () => lab.device(emulator, { program: () => agent });
		const run = (test: TestDevice, document: object) => lab.passing(runJob(emulator, test, document));
		const config = (settings: object) => ({ operation: "config", settings });

		it("another endpoint is kept once the service was reached by it", async () => {
			const test = await device();
			const { status } = await run(test, config({ port: door.port, startJitterMs: 0 }));
			assert.equal(status, "SUCCEEDED", test.lines.join("\n"));
			assert.equal(portOf(test), door.port);
			const from = test.lines.length;
			test.reset();
			await test.said(/^connected/, from);
			assert.equal(portOf(test), door.port);
		});

		it("an endpoint that is not there is given up in time: trialFailed", async () => {
			const test = await device();
			const { status, statusDetails } = await run(test, config({ port: 1 }));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], test.lines.join("\n"));
			assert.match(statusDetails?.error ?? "", /not reached in time/);
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
			assert.equal(test.aborts, 0);
		});

		it("settings with which the device resets are given up after three starts", async () => {
			const test = await device();
			test.on("trace", (text) => {
				if (/^connecting to .*:1$/.test(text.trimEnd())) setImmediate(() => test.reset());
			});
			const { status, statusDetails } = await run(test, config({ port: 1 }));
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"]);
			assert.equal(test.boots, 5, "its own start, three with the new settings, one with the old");
		});

		it("null takes a setting back, and what is not mentioned stays", async () => {
			const test = await device();
			await run(test, config({ port: door.port }));
			await run(test, config({ startJitterMs: 5 }));
			assert.equal(portOf(test), door.port);
			await run(test, config({ port: null }));
			assert.equal(portOf(test), emulator.addresses.mqtt.port);
		});

		for (const [what, settings, said] of [
			["an unknown setting", { colour: "red" }, /^colour: not one of/],
			["__proto__", JSON.parse('{"__proto__":{"port":1}}'), /^__proto__: not one of/],
			["__proto__ that is null", JSON.parse('{"__proto__":null}'), /^__proto__: not one of/],
			["constructor", { constructor: null }, /^constructor: not one of/],
			["the version", { version: "9" }, /^version: not one of/],
			["a port above 65,535", { port: 65_536 }, /^port: 1 to 65535/],
			["a port that is a text", { port: "8883" }, /^port/],
			["a host with a line break", { host: "a\nb" }, /^host/],
			["a host that is empty", { host: "" }, /^host/],
			["more than 1,024 bytes", { app: { text: "x".repeat(1_100) } }, /more than 1024 bytes/],
			["a list", [], /^settings: an object/],
		] as const) {
			it(`${what} is REJECTED, and the device is not reset`, async () => {
				const test = await device();
				const { status, statusDetails } = await run(test, config(settings));
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.match(statusDetails?.error ?? "", said);
				assert.equal(test.boots, 1);
			});
		}

		it("keeps the new settings wherever the power is cut: SUCCEEDED, once", async function () {
			this.timeout(120_000);
			const make = async () => config({ port: door.port });
			const every = engine === "xs" ? 4 : 1;
			const cuts = await cutAtEach(lab, emulator, device, make, every);
			process.stdout.write(`      the power was cut at ${cuts} points\n`);
			assert.ok(cuts > 8);
		});

		for (const [what, value] of [
			["garbage", Buffer.from([0xff, 0xfe, 0x00])],
			["no object", Buffer.from("7")],
			["nothing", Buffer.alloc(0)],
			["a port that is a text", Buffer.from('{"port": "x", "host": 7, "wifi": 5}')],
		] as const) {
			it(`the built-in settings are used where the storage has ${what}`, async () => {
				const test = await device();
				await run(test, config({ port: door.port }));
				const state = test.flash.readKey("iot-settings", "state") as Uint8Array;
				test.flash.writeKey("iot-settings", `json.${(state[0] as number) & 15}`, value);
				const from = test.lines.length;
				test.reset();
				await test.said(/^connected/, from);
				assert.equal(portOf(test), emulator.addresses.mqtt.port);
				assert.equal(test.aborts, 0);
			});
		}
	});
