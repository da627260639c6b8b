import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptableDetails } from "../../../src/protocol/status-details.js";
import { invalid } from "../../emulator/schemas/messages.js";
import { ended, Lab, publishImage, type TestDevice, turns } from "../kit/lab.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";

describe("The agent, against a service that says what the test wants", () => {
	let bench: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		bench = new Lab();
		broker = await ScriptedBroker.start();
		device = await bench.deviceAt("127.0.0.1", broker.port, { credentials: await ScriptedBroker.credentials() });
	});
	afterEach(async () => {
		await bench.clear();
		await broker.close();
	});

	type Published = Awaited<ReturnType<ScriptedBroker["next"]>>;

	function accept(request: Published, members: object = {}): void {
		broker.send(`${request.topic}/accepted`, { clientToken: request.payload.clientToken, timestamp: 1, ...members });
	}

	function reject(request: Published, code: string, members: object = {}): void {
		const { clientToken } = request.payload;
		broker.send(`${request.topic}/rejected`, { code, message: "", clientToken, timestamp: 1, ...members });
	}

	/** A device whose job ended REJECTED for its operation: the report has been sent. */
	async function reporting(): Promise<Published> {
		device.powerOn();
		accept(await broker.next(), { execution: execution({ jobDocument: { operation: "dance" } }) });
		return await broker.next();
	}

	it("sends every message in the form that the schemas say", async () => {
		const seen: Published[] = [];
		broker.on("publish", (publish) => seen.push(publish));
		const update = await reporting();
		accept(update);
		device.reset();
		await broker.next();
		for (const { topic, payload } of seen) {
			const type = topic.endsWith("/update") ? "UpdateJobExecutionRequest" : "StartNextPendingJobExecutionRequest";
			assert.equal(invalid(type, payload), undefined);
		}
	});

	it("rejects an unknown operation with its name and the ones that are known", async () => {
		const { payload } = await reporting();
		assert.equal(payload.status, "REJECTED");
		assert.deepEqual(payload.statusDetails, {
			reason: "unknownOperation",
			operation: "dance",
			known: "reboot ota file config rotate-certificate diagnostics erase",
		});
	});

	for (const code of ["RequestThrottled", "InternalError"]) {
		it(`backs off from ${code}, and sends the same report again`, async () => {
			const update = await reporting();
			reject(update, code);
			await device.said(new RegExp(`rejected: ${code}`));
			bench.clock.advance(60_000);
			const again = await broker.next();
			assert.deepEqual(again.payload, update.payload);
		});
	}

	for (const code of ["TerminalStateReached", "ResourceNotFound"]) {
		it(`lets the execution go at ${code}, and asks for the next`, async () => {
			reject(await reporting(), code);
			assert.equal((await broker.next()).topic, topics.startNext);
		});
	}

	it("takes the version out of a VersionMismatch and reports again with it", async () => {
		const update = await reporting();
		reject(update, "VersionMismatch", { executionState: { status: "IN_PROGRESS", versionNumber: 9 } });
		const again = await broker.next();
		assert.equal(again.payload.expectedVersion, 9);
		assert.equal(again.payload.status, "REJECTED");
	});

	it("does not ask for ever when a VersionMismatch names the very version that was expected", async () => {
		const update = await reporting();
		const executionState = { status: "IN_PROGRESS", versionNumber: update.payload.expectedVersion };
		let requests = 0;
		broker.on("publish", () => {
			requests += 1;
		});
		reject(update, "VersionMismatch", { executionState });
		await device.said(/rejected: VersionMismatch/);
		await turns();
		assert.equal(requests, 0);
		bench.clock.advance(60_000);
		await broker.next();
	});

	it("an InvalidRequest is met by one report with the reason and the code alone, and then by letting go", async () => {
		const update = await reporting();
		reject(update, "InvalidRequest");
		const bare = await broker.next();
		const details = { reason: "unknownOperation", rejected: "InvalidRequest" };
		assert.deepEqual([bare.payload.status, bare.payload.statusDetails], ["REJECTED", details]);
		reject(bare, "InvalidRequest");
		assert.equal((await broker.next()).topic, topics.startNext);
	});

	it("asks for the next execution again an hour after the service refused the question itself", async () => {
		device.powerOn();
		reject(await broker.next(), "InvalidRequest");
		await device.said(/rejected: InvalidRequest/);
		let asked = 0;
		broker.on("publish", () => {
			asked += 1;
		});
		for (let minute = 0; minute < 59; minute += 1) {
			bench.clock.advance(60_000);
			await turns(2);
		}
		assert.equal(asked, 0);
		bench.clock.advance(60_000);
		accept(await broker.next(), { execution: execution() });
		await device.said(/claimed job/);
	});

	it("three sends without an answer give the connection up; the record is settled on the next one", async () => {
		const update = await reporting();
		bench.clock.advance(10_000);
		const second = await broker.next();
		bench.clock.advance(10_000);
		const third = await broker.next();
		assert.deepEqual([second.payload, third.payload], [update.payload, update.payload]);
		bench.clock.advance(10_000);
		await device.said(/connection given up: no answer/);
		const describe = await broker.next();
		assert.equal(describe.topic, topics.describe());
	});

	it("a job that resets the device again and again ends FAILED with tooManyResets", async () => {
		device.powerOn();
		const jobDocument = {
			operation: "ota",
			version: "2",
			url: "https://127.0.0.1:1/",
			size: 9,
			sha256: "00".repeat(32),
		};
		accept(await broker.next(), { execution: execution({ jobDocument, versionNumber: 3 }) });
		await device.said(/claimed/);
		for (let i = 0; i < 11; i += 1) device.reset();
		const describe = await broker.next();
		accept(describe, { execution: execution({ versionNumber: 3 }) });
		const update = await broker.next();
		assert.equal(update.payload.status, "FAILED");
		const details = update.payload.statusDetails as Record<string, string>;
		assert.deepEqual([details.reason, details.resetReason], ["tooManyResets", "powerOn"]);
	});
});

describe("The agent, against the emulator", () => {
	let bench: Lab;
	beforeEach(() => {
		bench = new Lab();
	});
	afterEach(() => bench.clear());

	it("does the jobs of its queue one after the other", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
		const order: string[] = [];
		emulator.service.on("execution", (_thing, { jobId, status }) => {
			if (status === "SUCCEEDED" || status === "REJECTED") order.push(`${jobId} ${status}`);
		});
		for (const [jobId, operation] of [
			["a", "reboot"],
			["b", "dance"],
			["c", "reboot"],
		] as const) {
			emulator.service.createJob({ jobId, targets: ["alpha"], document: { operation } });
		}
		device.powerOn();
		await ended(emulator, "c");
		assert.deepEqual(order, ["a SUCCEEDED", "b REJECTED", "c SUCCEEDED"]);
	});

	it("does AWS's managed template AWS-Reboot, and rejects another of that form", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
		const steps = (handler: string) => [
			{ action: { name: "x", type: "runHandler", input: { handler, path: "" }, runAsUser: "" } },
		];
		for (const [jobId, handler] of [
			["reboot", "reboot.sh"],
			["other", "install-packages.sh"],
		] as const) {
			emulator.service.createJob({ jobId, targets: ["alpha"], document: { version: "1.0", steps: steps(handler) } });
		}
		device.powerOn();
		const { status, statusDetails } = await ended(emulator, "other");
		assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "unknownOperation"]);
		assert.equal(emulator.service.execution("alpha", "reboot")?.status, "SUCCEEDED");
		assert.equal(device.boots, 2);
	});

	it("a job that is cancelled by force while it runs is stopped, and the next one starts", async () => {
		const emulator = await bench.emulator({ imageBytesPerSecond: 10_000 });
		const device = await bench.device(emulator);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: publishImage(emulator).document });
		const downloading = new Promise((resolve) => device.once("flash", resolve));
		device.powerOn();
		await downloading;
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "reboot" } });
		emulator.service.execute("alpha", { type: "cancel", jobId: "update", force: true });
		assert.equal((await ended(emulator, "next")).status, "SUCCEEDED");
		assert.equal(device.running?.version, "1.0.0");
		assert.equal(device.aborts, 0);
	});

	it("a lost connection in the middle of a download does not disturb it", async () => {
		const emulator = await bench.emulator();
		const device = await bench.device(emulator);
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document: publishImage(emulator).document });
		device.once("flash", () => emulator.broker.disconnect("alpha"));
		device.powerOn();
		assert.equal((await ended(emulator, "update")).status, "SUCCEEDED");
	});

	it("the gate holds a download and a reboot until the application lets them go", async () => {
		const emulator = await bench.emulator();
		const { document } = publishImage(emulator);
		const held: [string, () => void][] = [];
		const { mainWith } = await import("../kit/main-with.js");
		const gate = (step: string, proceed: () => void) => void held.push([step, proceed]);
		const device = await bench.device(emulator, {
			program: () => () => mainWith([], { gate }),
		});
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
		device.powerOn();
		for (const step of ["download", "reboot"]) {
			while (held.length === 0) await turns(1);
			bench.clock.advance(3 * 3_600_000);
			assert.equal(device.boots, 1);
			const [name, proceed] = held.pop() as [string, () => void];
			assert.equal(name, step);
			device.enter(proceed);
		}
		assert.equal((await ended(emulator, "update")).status, "SUCCEEDED");
	});
});

describe("Status details", () => {
	it("are always such that the service takes them, whatever a handler writes", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.string({ unit: "binary", maxLength: 1_100 })), (details) => {
				const acceptable = acceptableDetails(details);
				assert.equal(invalid("UpdateJobExecutionRequest", { status: "FAILED", statusDetails: acceptable }), undefined);
				for (const [name, value] of Object.entries(acceptable)) {
					assert.match(name, /^[a-zA-Z0-9:_-]{1,128}$/);
					assert.doesNotMatch(value, /\p{C}/u);
				}
			}),
		);
	});

	it("hold no character of the category Other, tried with each there is", () => {
		for (let code = 0; code <= 0x10_ffff; code += 1) {
			const { value } = acceptableDetails({ value: String.fromCodePoint(code) }) as { value: string };
			assert.doesNotMatch(value, /\p{C}/u, code.toString(16));
		}
	});

	it("keep what is good as it is", () => {
		const details = { reason: "digestMismatch", "a:b-C_9": "Grüße, 世界", percent: "40" };
		assert.deepEqual(acceptableDetails(details), details);
	});
});
