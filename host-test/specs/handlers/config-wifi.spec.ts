import assert from "node:assert/strict";
import type { AccessPoints } from "../../machine/hardware.js";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { runJob } from "../kit/run-job.js";

const HOME: AccessPoints = { home: { password: "home password", rssi: -48 } };
const BOTH: AccessPoints = { ...HOME, "new ☕": { password: "new password", rssi: -71 } };
const BUILT_IN = { wifiSsid: "home", wifiPassword: "home password" };

for (const engine of engines)
	describe(`A config job for the Wi-Fi, the agent in ${engine}`, () => {
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

		const configure = (wifi: unknown) => ({ operation: "config", settings: { wifi } });
		const joins = ({ lines }: TestDevice) =>
			lines.filter((line) => line.startsWith("wifi: joining")).map((line) => line.slice("wifi: joining ".length));

		it("another access point is kept once the service was reached by it", async () => {
			const test = await device(BOTH);
			const { status, details } = await run(test, configure({ ssid: "new ☕", password: "new password" }));
			assert.deepEqual([status, details], ["SUCCEEDED", { settings: "wifi" }]);
			assert.equal(joins(test).at(-1), "new ☕");
			assert.ok(!test.lines.join("\n").includes("password"), "what nobody should read is not on the console");
			test.reset();
			await lab.passing(test.said(/^connected/, test.lines.length));
			assert.equal(joins(test).at(-1), "new ☕");
			assert.equal((await run(test, configure(null))).status, "SUCCEEDED");
			assert.equal(joins(test).at(-1), "home");
		});

		for (const [what, wifi] of [
			["that is not there", { ssid: "nowhere", password: "any password" }],
			["with another password", { ssid: "new ☕", password: "wrong password" }],
		] as const) {
			it(`an access point ${what} is given up; the old one reports it`, async () => {
				const test = await device(BOTH);
				const { status, details } = await run(test, configure(wifi));
				assert.deepEqual([status, details.reason], ["FAILED", "trialFailed"], test.lines.join("\n"));
				assert.deepEqual(joins(test), ["home", wifi.ssid, "home"]);
				assert.equal(test.aborts, 0);
			});
		}

		for (const [what, wifi, said] of [
			["a text", "home", /^wifi: an object/],
			["no name", {}, /^wifi\.ssid: 1 to 32 bytes/],
			["a name of 33 bytes", { ssid: `${"é".repeat(16)}x` }, /^wifi\.ssid/],
			["a password of 7", { ssid: "x", password: "1234567" }, /^wifi\.password: 8 to 63/],
			["a password that is a number", { ssid: "x", password: 12_345_678 }, /^wifi\.password/],
		] as const) {
			it(`${what} is REJECTED, and nothing is changed`, async () => {
				const test = await device(HOME);
				const { status, details } = await run(test, configure(wifi));
				assert.deepEqual([status, details.reason], ["REJECTED", "invalidDocument"]);
				assert.match(details.error ?? "", said);
			});
		}

		it("is REJECTED where the SDK joins before the app starts", async () => {
			const test = await device(undefined, { ssid: "home" });
			const { status, details } = await run(test, configure({ ssid: "new" }));
			assert.deepEqual([status, details.reason], ["REJECTED", "invalidDocument"]);
			assert.match(details.error ?? "", /give wifiSsid, and not ssid, when it is built/);
		});
	});
