import type { EngineOptions } from "../../../src/agent/options.js";
import type { Lab, TestDevice, TestEmulator } from "./lab.js";
import { mainWith } from "./main-with.js";
import { ScriptedBroker, waitingJob } from "./scripted-broker.js";
import type { WaitHandler } from "./wait-handler.js";

/** A device that runs the emulator's job "job", which does nothing until the test tells its handler to. */
export async function waitingDevice(
	lab: Lab,
	emulator: TestEmulator,
	handler: WaitHandler,
	options: Partial<EngineOptions> = {},
): Promise<TestDevice> {
	const device = await lab.device(emulator, { program: () => () => mainWith([handler], options) });
	emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "wait" } });
	device.powerOn();
	await device.said(/job waits/);
	return device;
}

/** The same with a broker whose answers are the test's. */
export async function waitingDeviceAt(lab: Lab, broker: ScriptedBroker, handler: WaitHandler): Promise<TestDevice> {
	const credentials = await ScriptedBroker.credentials();
	const program = () => void mainWith([handler]);
	const device = await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
	device.powerOn();
	broker.accept(await broker.next(), { execution: waitingJob });
	await device.said(/job waits/);
	return device;
}
