import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Machine } from "../machine/machine.js";
import type { XsImageOptions } from "./image.js";
import { XsMachine } from "./xs-machine.js";
import { CHIP_HEAPS, type Heaps, type LoadedModule, type Sample, XsProcess } from "./xs-process.js";

/** What `npm run build:xs` has made. */
export interface XsEngine {
	readonly executable: string;
	/** 32 has the chip's own slots and pointers. */
	readonly bits: 32 | 64;
}

/** An application that is ready to run: its modules, and what they and the built-ins take before it starts. */
export interface XsApp {
	readonly engine: XsEngine;
	readonly image: string;
	/** On the chip this lies in flash: what the application uses is counted from here. */
	readonly base: Sample;
	readonly modules: readonly LoadedModule[];
}

const build = fileURLToPath(new URL("build/", import.meta.url));

/** @returns undefined when XS was not built on this machine */
export function findXs(): XsEngine | undefined {
	const executable = `${build}xs-machine`;
	if (!existsSync(executable)) return undefined;
	return { executable, bits: readFileSync(`${build}bits`, "utf8").trim() === "32" ? 32 : 64 };
}

/** Compiles an application into a directory and measures it. */
export async function prepareXsApp(
	engine: XsEngine,
	directory: string,
	options: Omit<XsImageOptions, "directory"> = {},
): Promise<XsApp> {
	// It needs the compiler, which who only uses the command does not have.
	const { makeXsImage } = await import("./image.js");
	makeXsImage({ directory, ...options });
	return await new Promise((resolve, reject) => {
		const plenty = { chunks: 1 << 20, slots: 1 << 16, stack: 4_096 };
		const process = new XsProcess(engine.executable, directory, plenty, true, {
			call: () => undefined,
			trace: () => undefined,
			idle(base) {
				process.kill();
				resolve({ engine, image: directory, base, modules: process.modules });
			},
			ended: (reason) => reject(new Error(`XS does not load the agent: ${reason}`)),
		});
	});
}

/**
 * Heaps that end where the chip's do: the chip's sizes on top of what is flash there: the built-ins, the preloaded modules,
 * and on the stack the intrinsics. On 64 bits a slot is twice as
 * large and so are many chunks, so both heaps get what the chip's would hold, twice over for the chunks.
 */
export function chipHeaps({ base, engine }: XsApp, heaps: Heaps = CHIP_HEAPS): Heaps {
	const factor = engine.bits === 32 ? 1 : 2;
	return {
		chunks: base.chunks + heaps.chunks * factor,
		slots: base.slots + heaps.slots,
		stack: base.stack + heaps.stack,
	};
}

export interface XsProgramOptions {
	readonly heaps?: Heaps | undefined;
	readonly onSample?: ((sample: Sample) => void) | undefined;
	readonly onMachine?: ((machine: XsMachine) => void) | undefined;
}

/** What a virtual device's `program` calls at each boot. */
export function xsProgram(
	app: XsApp,
	{ heaps, onSample, onMachine }: XsProgramOptions = {},
): (machine: Machine) => void {
	return (machine) => {
		const { image, engine } = app;
		const options = { executable: engine.executable, image, heaps: heaps ?? chipHeaps(app), onSample };
		const xs = new XsMachine(machine, options);
		onMachine?.(xs);
	};
}
