import { join } from "node:path";
import { userOf } from "../emulator/store/store.js";

const LOOK_MS = 50;
const PATIENCE_MS = 10_000;

/** `iot-jobs stop`: 0 when no emulator uses the directory any more. */
export async function stop(directory: string): Promise<number> {
	const state = join(directory, "state");
	const pid = userOf(state);
	if (pid === undefined) {
		process.stdout.write(`${directory}: no emulator uses it\n`);
		return 0;
	}
	process.kill(pid, "SIGTERM");
	const end = Date.now() + PATIENCE_MS;
	while (userOf(state) === pid) {
		if (Date.now() > end) throw new Error(`process ${pid} has not ended within ${PATIENCE_MS / 1_000} s: kill it`);
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
	}
	process.stdout.write(`${directory}: process ${pid} has ended\n`);
	return 0;
}
