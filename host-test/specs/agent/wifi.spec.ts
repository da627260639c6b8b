import assert from "node:assert/strict";
import httpsMain from "../../../examples/https/main.js";
import type { AccessPoints } from "../../machine/hardware.js";
import { type Engine, engines, programFor } from "../kit/engines.js";
import { ended, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";

const HOME: AccessPoints = { home: { password: "home password", rssi: -48 } };
const BOTH: AccessPoints = { ...HOME, "new ☕": { password: "new password", rssi: -71 } };
const BUILT_IN = { wifiSsid: "home", wifiPassword: "home password" };

for (const engine of engines)
	describe(`A device that joins its Wi-Fi itself, the agent in ${engine}`, () => {
		let bench: Lab;
		let emulator: TestEmulator;
		beforeEach(async () => {
			bench = new Lab();
			emulator = await bench.emulator();
		});
		afterEach(() => bench.clear());

		async function device(accessPoints: AccessPoints | undefined, config: object = BUILT_IN): Promise<TestDevice> {
			const agent = await programFor(engine);
			return await bench.device(emulator, {
				...{ program: () => agent, config: { ...config } },
				...(accessPoints && { accessPoints }),
			});
		}

		let jobs = 0;
		async function run(test: TestDevice, document: object) {
			jobs += 1;
			const jobId = `wifi-${jobs}`;
			emulator.service.createJob({ jobId, targets: ["alpha"], document: document as Record<string, unknown> });
			test.powerOn();
			const { status, statusDetails = {} } = await bench.passing(ended(emulator, jobId));
			return { status, details: statusDetails };
		}

		const configure = (wifi: unknown) => ({ operation: "config", settings: { wifi } });
		const joins = ({ lines }: TestDevice) =>
			lines.filter((line) => line.startsWith("wifi: joining")).map((line) => line.slice("wifi: joining ".length));

		it("joins before it connects, and tells the signal; a job is done", async () => {
			const test = await device(HOME);
			const asked = new Set<string>();
			test.on("asks", (nameServers) => asked.add(nameServers.join()));
			const { status, details } = await run(test, { operation: "diagnostics" });
			assert.deepEqual([status, details.signal], ["SUCCEEDED", "-48"]);
			assert.deepEqual([...asked], ["192.168.1.1"], "the network's own name server");
			const at = (text: string) => test.lines.findIndex((line) => line.startsWith(text));
			assert.ok(at("wifi: joining home") < at("wifi: joined") && at("wifi: joined") < at("connecting to"));
		});

		it("tries again while it is not there, and when it was lost; nothing ends the machine", async () => {
			const test = await device({});
			test.powerOn();
			for (let i = 0; i < 3; i += 1) await bench.passing(test.said(/not joined; trying again/, test.lines.length));
			test.setAccessPoints(HOME);
			assert.equal((await run(test, { operation: "diagnostics" })).status, "SUCCEEDED");
			test.setAccessPoints({});
			emulator.broker.disconnect("alpha");
			await bench.passing(test.said(/not joined; trying again/, test.lines.length));
			test.setAccessPoints(HOME);
			await bench.passing(test.said(/^connected/, test.lines.length));
			assert.equal(test.aborts, 0);
		});

		it("config: another access point counts once the service was reached by it", async () => {
			const test = await device(BOTH);
			const { status, details } = await run(test, configure({ ssid: "new ☕", password: "new password" }));
			assert.deepEqual([status, details], ["SUCCEEDED", { settings: "wifi" }]);
			assert.equal(joins(test).at(-1), "new ☕");
			assert.ok(!test.lines.join("\n").includes("password"), "what nobody should read is not on the console");
			test.reset();
			await bench.passing(test.said(/^connected/, test.lines.length));
			assert.equal(joins(test).at(-1), "new ☕");
			assert.equal((await run(test, configure(null))).status, "SUCCEEDED");
			assert.equal(joins(test).at(-1), "home");
		});

		for (const [what, wifi] of [
			["that is not there", { ssid: "nowhere", password: "any password" }],
			["with another password", { ssid: "new ☕", password: "wrong password" }],
		] as const) {
			it(`config: an access point ${what} is given up in time; the old one reports it`, async () => {
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
			it(`config: ${what} is REJECTED, and nothing is changed`, async () => {
				const test = await device(HOME);
				const { status, details } = await run(test, configure(wifi));
				assert.deepEqual([status, details.reason], ["REJECTED", "invalidDocument"]);
				assert.match(details.error ?? "", said);
			});
		}

		it("config: where the SDK joins before the app starts, another access point is REJECTED, and says why", async () => {
			const test = await device(undefined, { ssid: "home" });
			const { status, details } = await run(test, configure({ ssid: "new" }));
			assert.deepEqual([status, details.reason], ["REJECTED", "invalidDocument"]);
			assert.match(details.error ?? "", /give wifiSsid, and not ssid, when it is built/);
		});
	});

describe("A device over HTTPS that joins its Wi-Fi itself", () => {
	it("joins before it asks", async () => {
		const bench = new Lab();
		const emulator = await bench.emulator();
		try {
			const url = new URL(emulator.addresses.data.url);
			const config = { ...BUILT_IN, host: url.hostname, port: Number(url.port), pollMs: 10_000 };
			const test = await bench.device(emulator, { accessPoints: HOME, config, program: () => httpsMain });
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "diagnostics" } });
			test.powerOn();
			const { status, statusDetails } = await bench.passing(ended(emulator, "job"));
			assert.deepEqual([status, statusDetails?.signal], ["SUCCEEDED", "-48"]);
			assert.equal(test.lines.indexOf("wifi: joined"), 1, test.lines.join("\n"));
		} finally {
			await bench.clear();
		}
	});
});

describe("The clock of a device without one", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	const now = Date.now;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
	});
	afterEach(async () => {
		Date.now = now;
		await bench.clear();
	});

	/** As long as nobody has set it, it counts from 1970. */
	async function device(engine: Engine = "node"): Promise<TestDevice> {
		const agent = await programFor(engine);
		const test = await bench.device(emulator, { accessPoints: HOME, config: BUILT_IN, program: () => agent });
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
		await bench.passing(test.said(/^connecting to/));
		assert.deepEqual(asked, ["pool.ntp.org"]);
		assert.equal(Date.now(), 1_790_000_000_000);
		const at = (text: string) => test.lines.findIndex((line) => line.startsWith(text));
		assert.ok(at("wifi: the clock is set") < at("connecting to"));
	});

	it("is asked for again when no server answers; after three times the connection is tried all the same", async () => {
		const test = await device();
		let asked = 0;
		test.timeFrom = () => {
			asked += 1;
			return asked < 5 ? undefined : 1_790_000_000;
		};
		test.powerOn();
		await bench.passing(test.said(/^connecting to/));
		assert.equal(asked, 3);
		assert.match(
			test.lines.join("\n"),
			/pool\.ntp\.org does not tell the time: certificates may count as not yet valid/,
		);
		await bench.passing(test.said(/the clock is set/));
		assert.equal(asked, 5);
		assert.equal(test.lines.filter((line) => line.startsWith("wifi: the clock is set")).length, 1);
	});
});
