import assert from "node:assert/strict";
import { ended, Lab, publishImage, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDevice } from "../kit/waiting-device.js";

describe("The gate that an application holds", () => {
	let bench: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	beforeEach(async () => {
		bench = new Lab();
		emulator = await bench.emulator();
		handler = new WaitHandler();
	});
	afterEach(() => bench.clear());

	it("the gate holds a download and a reboot until the application lets them go", async () => {
		const { document } = publishImage(emulator);
		const held: [string, () => void][] = [];
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

	it("waits for days at a gate, with the step timer kept alive, and no handler given up", async () => {
		let proceed: (() => void) | undefined;
		const gate = (_step: string, go: () => void) => {
			proceed = go;
		};
		const device = await waitingDevice(bench, emulator, handler, { stepTimeoutMinutes: 60, stallMinutes: 30, gate });
		device.enter(() => handler.context?.gate("reboot", () => handler.context?.succeed({ gate: "open" })));
		await bench.passHours(emulator, 12);
		assert.equal(emulator.service.execution("alpha", "job")?.status, "IN_PROGRESS");
		assert.deepEqual(handler.told, ["start job"]);
		device.enter(() => proceed?.());
		assert.deepEqual((await ended(emulator, "job")).statusDetails, { gate: "open" });
	});

	it("is not let through a gate by the job before, which was taken away at its own", async () => {
		const gates: (() => void)[] = [];
		const device = await waitingDevice(bench, emulator, handler, {
			stallMinutes: 30,
			gate: (_step, proceed) => void gates.push(proceed),
		});
		const wait = () =>
			device.enter(() => handler.context?.gate("reboot", () => handler.context?.succeed({ gate: "open" })));
		wait();
		emulator.service.createJob({ jobId: "next", targets: ["alpha"], document: { operation: "wait" } });
		emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
		await device.said(/next waits/);
		wait();
		device.enter(() => gates[0]?.());
		await bench.passHours(emulator, 1);
		assert.equal(emulator.service.execution("alpha", "next")?.status, "IN_PROGRESS");
		device.enter(() => gates[1]?.());
		assert.deepEqual((await ended(emulator, "next")).statusDetails, { gate: "open" });
	});
});
