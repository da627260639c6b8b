import assert from "node:assert/strict";
import { ended } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestEmulator, turns } from "../kit/lab.js";
import { mainWith } from "../kit/main-with.js";
import { WaitHandler } from "../kit/wait-handler.js";
import { waitingDevice } from "../kit/waiting-device.js";

describe("The application's gate", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let handler: WaitHandler;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		handler = new WaitHandler();
	});
	afterEach(() => lab.clear());

	it("holds a download and a reboot until the application lets them go", async () => {
		const { document } = publishImage(emulator);
		const held: [string, () => void][] = [];
		const gate = (step: string, proceed: () => void) => void held.push([step, proceed]);
		const device = await lab.device(emulator, {
			program: () => () => mainWith([], { gate }),
		});
		emulator.service.createJob({ jobId: "update", targets: ["alpha"], document });
		device.powerOn();
		for (const step of ["download", "reboot"]) {
			while (held.length === 0) await turns(1);
			lab.clock.advance(3 * 3_600_000);
			assert.equal(device.boots, 1);
			const [name, proceed] = held.pop() as [string, () => void];
			assert.equal(name, step);
			device.enter(proceed);
		}
		assert.equal((await ended(emulator, "update")).status, "SUCCEEDED");
	});

	it("holds a job for 12 hours: its step timer is renewed, it does not stall", async () => {
		let proceed: (() => void) | undefined;
		const gate = (_step: string, go: () => void) => {
			proceed = go;
		};
		const device = await waitingDevice(lab, emulator, handler, { stepTimeoutMinutes: 60, stallMinutes: 30, gate });
		device.enter(() => handler.context?.gate("reboot", () => handler.context?.succeed({ gate: "open" })));
		await lab.passHours(emulator, 12);
		assert.equal(emulator.service.execution("alpha", "job")?.status, "IN_PROGRESS");
		assert.deepEqual(handler.told, ["start job"]);
		device.enter(() => proceed?.());
		assert.deepEqual((await ended(emulator, "job")).statusDetails, { gate: "open" });
	});

	it("of a cancelled job, opened late, does not let the next job through", async () => {
		const gates: (() => void)[] = [];
		const device = await waitingDevice(lab, emulator, handler, {
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
		await lab.passHours(emulator, 1);
		assert.equal(emulator.service.execution("alpha", "next")?.status, "IN_PROGRESS");
		device.enter(() => gates[1]?.());
		assert.deepEqual((await ended(emulator, "next")).statusDetails, { gate: "open" });
	});
});
