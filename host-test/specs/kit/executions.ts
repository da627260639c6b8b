import type { Emulator } from "../../emulator/emulator.js";
import { type Execution, isTerminal } from "../../emulator/jobs/execution.js";

/** The execution, once it has ended. */
export function ended(emulator: Emulator, jobId: string, thing = "alpha"): Promise<Execution> {
	return new Promise((resolve) => {
		const now = emulator.service.execution(thing, jobId);
		if (now !== undefined && isTerminal(now.status)) return resolve(now);
		const listener = (name: string, execution: Execution) => {
			if (name !== thing || execution.jobId !== jobId || !isTerminal(execution.status)) return;
			emulator.service.off("execution", listener);
			resolve(execution);
		};
		emulator.service.on("execution", listener);
	});
}

/** The states that an execution goes through from now on. */
export function history(emulator: Emulator, jobId: string): Execution[] {
	const states: Execution[] = [];
	emulator.service.on("execution", (_thing, execution) => {
		if (execution.jobId === jobId) states.push(execution);
	});
	return states;
}
