import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Display {
	/** `:0` */
	readonly name: string;
	close(): void;
}

/** The X server that mcsim draws on: the one that is there, or one of our own that nobody sees. */
export async function openDisplay({ DISPLAY } = process.env): Promise<Display> {
	if (DISPLAY !== undefined && DISPLAY !== "") return { name: DISPLAY, close: () => undefined };
	const server = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"], {
		stdio: ["ignore", "pipe", "ignore"],
	});
	return { name: `:${await numberOf(server)}`, close: () => server.kill() };
}

async function numberOf(server: ChildProcess): Promise<string> {
	return await new Promise((resolve, reject) => {
		server.on("error", () => reject(new Error("there is no display, and no Xvfb: apt-get install xvfb")));
		server.on("exit", (status) => reject(new Error(`Xvfb ended with ${status}`)));
		if (server.stdout !== null) createInterface({ input: server.stdout }).once("line", resolve);
	});
}
