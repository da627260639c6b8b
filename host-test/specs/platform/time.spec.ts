import assert from "node:assert/strict";
import type { AccessPoints } from "../../machine/hardware.js";
import { type Engine, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

const HOME: AccessPoints = { home: { password: "home password", rssi: -48 } };
const BUILT_IN = { wifiSsid: "home", wifiPassword: "home password" };

describe("The time of a device without a clock", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	const now = Date.now;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(async () => {
		Date.now = now;
		await lab.clear();
	});

	/** As long as nobody has set it, it counts from 1970. */
	async function device(engine: Engine = "node"): Promise<TestDevice> {
		const agent = await programFor(engine);
		const test = await lab.device(emulator, { accessPoints: HOME, config: BUILT_IN, program: () => agent });
		Date.now = () => 1_000;
		test.on("time", (seconds) => {
			Date.now = () => seconds * 1_000;
		});
		return test;
	}

	it("is set from a time server before the first connection", async () => {
		const test = await device();
		const asked: string[] = [];
		test.timeFrom = (host) => {
			asked.push(host);
			return 1_790_000_000;
		};
		test.powerOn();
		await lab.passing(test.said(/^connecting to/));
		assert.deepEqual(asked, ["pool.ntp.org"]);
		assert.equal(Date.now(), 1_790_000_000_000);
		const at = (text: string) => test.lines.findIndex((line) => line.startsWith(text));
		assert.ok(at("wifi: the clock is set") < at("connecting to"));
	});

	it("is asked for three times, then it connects all the same, and asks on", async () => {
		const test = await device();
		let asked = 0;
		test.timeFrom = () => {
			asked += 1;
			return asked < 5 ? undefined : 1_790_000_000;
		};
		test.powerOn();
		await lab.passing(test.said(/^connecting to/));
		assert.equal(asked, 3);
		assert.match(
			test.lines.join("\n"),
			/pool\.ntp\.org does not tell the time: certificates may count as not yet valid/,
		);
		await lab.passing(test.said(/the clock is set/));
		assert.equal(asked, 5);
		assert.equal(test.lines.filter((line) => line.startsWith("wifi: the clock is set")).length, 1);
	});
});
