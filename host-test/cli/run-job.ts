import type { ChipName } from "../device/chips.js";
import type { VirtualDevice } from "../device/virtual-device.js";
import type { Emulator } from "../emulator/emulator.js";
import { isTerminal } from "../emulator/jobs/execution.js";
import type { Reporter } from "./reporter.js";
import { interrupted } from "./servers.js";
import { type Engine, makeSimulatedDevice } from "./simulated-device.js";

export interface JobRun {
	readonly emulator: Emulator;
	readonly thing: string;
	/** Where the device's flash is kept. */
	readonly directory: string;
	/** Without a document the device runs until interrupted. */
	readonly document: Record<string, unknown> | undefined;
	readonly engine: Engine;
	/** Default: esp32. */
	readonly chip?: ChipName | undefined;
	readonly reporter: Reporter;
	/** A file: the public key of image signatures. */
	readonly codeSigningKey?: string | undefined;
	/** Inspects the device after the job has SUCCEEDED. @returns what is wrong */
	readonly inspect?: (device: VirtualDevice) => string | undefined;
}

const JOB_ID = "job-1";

/** Runs a virtual device at an emulator until a job has ended. @returns the exit code: 0 when it SUCCEEDED */
export async function runJob(run: JobRun): Promise<number> {
	const { emulator, thing, directory, document, engine, chip, reporter, codeSigningKey, inspect } = run;
	const { mqtt, ca, things } = emulator.addresses;
	const files = { ca, ...(things[thing] as { certificate: string; privateKey: string }) };
	const options = { thing, directory, files, engine, chip, codeSigningKey };
	const device = await makeSimulatedDevice({ ...options, ...mqtt, link: "mqtt" });
	reporter.emulator(emulator);
	reporter.device(device);
	const ended = new Promise<string>((resolve) => {
		if (document === undefined) return;
		emulator.service.on("execution", (_thing, { status }) => {
			if (isTerminal(status)) resolve(status);
		});
	});
	if (document !== undefined) emulator.service.createJob({ jobId: JOB_ID, targets: [thing], document });
	device.powerOn();
	const status = await Promise.race([ended, interrupted()]);
	const problem = status === "SUCCEEDED" ? inspect?.(device) : undefined;
	device.cutPower();
	const execution = emulator.service.execution(thing, JOB_ID);
	if (execution !== undefined) reporter.end(execution, problem);
	if (document === undefined) return 0;
	return execution?.status === "SUCCEEDED" && problem === undefined ? 0 : 1;
}
