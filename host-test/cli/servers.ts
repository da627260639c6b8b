import { Emulator, type EmulatorOptions } from "../emulator/emulator.js";
import { whenOrphaned } from "./orphaned.js";

/** Starts an emulator, for any command that runs one. @throws with a sentence that says what to do when it cannot start */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
	return await started(Emulator.start(options));
}

/** Waits until a server has started. @throws with a sentence that says what to do when it does not */
export async function started<T>(starting: Promise<T>): Promise<T> {
	try {
		return await starting;
	} catch (error) {
		const { code, port, address, message } = error as NodeJS.ErrnoException & { port?: number; address?: string };
		if (code === "EADDRINUSE") throw new Error(`port ${port} is in use; choose another one, or 0 for any that is free`);
		if (code === "EADDRNOTAVAIL") throw new Error(`${address} is no address of this machine`);
		if (code === "EACCES") throw new Error(`not allowed: ${message}`);
		throw error;
	}
}

/** Waits for SIGINT (Ctrl-C), SIGTERM, or the end of who started it. @param outlive goes on without who started it */
export async function interrupted(outlive = false): Promise<void> {
	await new Promise<void>((resolve) => {
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
		if (!outlive) whenOrphaned(resolve);
	});
}
