import { Command } from "commander";
import type { Done } from "./command-options.js";

export function demoCommand(done: Done): Command {
	return new Command("demo")
		.description("Run a firmware job from end to end: emulator, virtual device, update, reboot, SUCCEEDED (npm start).")
		.action(async () => {
			const { demo } = await import("./demo.js");
			done(await demo());
		});
}
