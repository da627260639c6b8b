import assert from "node:assert/strict";
import WiFi from "wifi";
import httpsMain from "../../../examples/https/main.js";
import type { AccessPoints } from "../../machine/hardware.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

const HOME: AccessPoints = { home: { password: "home password", rssi: -48 } };
const BUILT_IN = { wifiSsid: "home", wifiPassword: "home password" };

for (const engine of engines)
	describe(`A device that joins its Wi-Fi itself, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
		});
		afterEach(() => lab.clear());

		async function device(accessPoints: AccessPoints | undefined, config: object = BUILT_IN): Promise<TestDevice> {
			const agent = await programFor(engine);
			return await lab.device(emulator, {
				...{ program: () => agent, config: { ...config } },
				...(accessPoints && { accessPoints }),
			});
		}

		async function run(test: TestDevice, document: object) {
			const { status, statusDetails = {} } = await lab.passing(runJob(emulator, test, document));
			return { status, details: statusDetails };
		}

		it("joins before it connects, reports the signal, and does a job", async () => {
			const test = await device(HOME);
			const { status, details } = await run(test, { operation: "diagnostics" });
			assert.deepEqual([status, details.signal], ["SUCCEEDED", "-48"]);
			const at = (text: string) => test.lines.findIndex((line) => line.startsWith(text));
			assert.ok(at("wifi: joining home") < at("wifi: joined") && at("wifi: joined") < at("connecting to"));
		});

		it("tries again while the network is not there, and when it was lost", async () => {
			const test = await device({});
			test.powerOn();
			for (let i = 0; i < 3; i += 1) await lab.passing(test.said(/not joined; trying again/, test.lines.length));
			test.setAccessPoints(HOME);
			assert.equal((await run(test, { operation: "diagnostics" })).status, "SUCCEEDED");
			test.setAccessPoints({});
			emulator.broker.disconnect("alpha");
			await lab.passing(test.said(/not joined; trying again/, test.lines.length));
			test.setAccessPoints(HOME);
			await lab.passing(test.said(/^connected/, test.lines.length));
			assert.equal(test.aborts, 0);
		});
	});

describe("A device whose Wi-Fi throws", () => {
	const { connect } = WiFi;
	const lab = new Lab();
	afterEach(async () => {
		WiFi.connect = connect;
		await lab.clear();
	});

	it("tries again, when it starts and later, and is not reset by it", async () => {
		const emulator = await lab.emulator();
		const test = await lab.device(emulator, { accessPoints: HOME, config: { ...BUILT_IN } });
		let throws = 2;
		WiFi.connect = (options) => {
			throws -= 1;
			if (throws >= 0) throw new Error("no memory");
			connect.call(WiFi, options);
		};
		test.powerOn();
		await lab.passing(test.said(/nothing is pending/));
		assert.equal(test.lines.filter((line) => line === "wifi: threw Error: no memory").length, 2);
		throws = 1;
		test.setAccessPoints({});
		test.setAccessPoints(HOME);
		await lab.passing(test.said(/^wifi: joined/, test.lines.length));
		assert.deepEqual([throws < 0, test.aborts], [true, 0]);
	});
});

describe("A device over HTTPS that joins its Wi-Fi itself", () => {
	it("joins before its first request", async () => {
		const lab = new Lab();
		const emulator = await lab.emulator();
		try {
			const url = new URL(emulator.addresses.data.url);
			const config = { ...BUILT_IN, host: url.hostname, port: Number(url.port), pollMs: 10_000 };
			const test = await lab.device(emulator, { accessPoints: HOME, config, program: () => httpsMain });
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "diagnostics" } });
			test.powerOn();
			const { status, statusDetails } = await lab.passing(ended(emulator, "job"));
			assert.deepEqual([status, statusDetails?.signal], ["SUCCEEDED", "-48"]);
			assert.equal(test.lines.indexOf("wifi: joined"), 1, test.lines.join("\n"));
		} finally {
			await lab.clear();
		}
	});
});
