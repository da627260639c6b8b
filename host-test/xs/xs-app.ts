import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Machine } from "../machine/machine.js";
import { isClone, packageRoot } from "../package-root.js";
import type { XsImageOptions } from "./image.js";
import { compiledModules, digestOfNativeSources, writeBoot, xsBuild, xsCommand } from "./sources.js";
import { XsMachine } from "./xs-machine.js";
import { CHIP_HEAPS, type Heaps, type LoadedModule, type Sample, XsProcess, type XsProgram } from "./xs-process.js";

/** The result of `npm run build:xs`. */
export interface XsEngine {
	readonly executable: string;
	/** With 32 bits, slots and pointers have the size that they have on the chip. */
	readonly bits: 32 | 64;
}

/** An application that is compiled and ready to run in XS. */
export interface XsApp {
	readonly engine: XsEngine;
	readonly image: string;
	/** Memory of the built-ins and the modules before the application starts. On the chip these lie in flash. */
	readonly base: Sample;
	readonly modules: readonly LoadedModule[];
}

/**
 * @returns undefined when XS was not built on this computer
 * @throws when it was built of other sources: it would speak otherwise, or measure otherwise
 */
export function findXs(): XsEngine | undefined {
	const executable = join(xsBuild, "xs-machine");
	if (!existsSync(executable)) return undefined;
	const sources = join(xsBuild, "sources");
	if (!existsSync(sources) || readFileSync(sources, "utf8").trim() !== digestOfNativeSources()) {
		throw new Error(`XS was built of older sources: ${xsCommand} builds it again`);
	}
	return { executable, bits: readFileSync(join(xsBuild, "bits"), "utf8").trim() === "32" ? 32 : 64 };
}

/** Compiles an application into a directory and measures it. */
export async function prepareXsApp(
	engine: XsEngine,
	directory: string,
	options: Omit<XsImageOptions, "directory"> = {},
): Promise<XsApp> {
	await makeImage(directory, options);
	return await new Promise((resolve, reject) => {
		const heaps = { chunks: 1 << 20, slots: 1 << 16, stack: 4_096 };
		const process = new XsProcess(
			{ executable: engine.executable, image: directory, heaps, grow: true },
			{
				call: () => undefined,
				trace: () => undefined,
				idle(base) {
					process.kill();
					resolve({ engine, image: directory, base, modules: process.modules });
				},
				ended: (reason) => reject(new Error(`XS does not load the agent: ${reason}`)),
			},
		);
	});
}

/** In a clone by the TypeScript compiler; npm's package has the compiled modules. */
async function makeImage(directory: string, options: Omit<XsImageOptions, "directory">): Promise<void> {
	if (isClone) return (await import("./image.js")).makeXsImage({ directory, ...options });
	const { main = join(packageRoot, "src/app/main.ts") } = options;
	rmSync(directory, { recursive: true, force: true });
	cpSync(compiledModules, directory, { recursive: true });
	writeBoot(directory, relative(packageRoot, main));
}

/**
 * Heaps as large as the chip's, plus what lies in flash there: the built-ins, the preloaded modules and, on the stack, the
 * intrinsics. With 64 bits many chunks are twice as large, hence twice the chunk bytes.
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

/** The application as the `program` of a virtual device. */
export function xsProgram(
	app: XsApp,
	{ heaps, onSample, onMachine }: XsProgramOptions = {},
): (machine: Machine) => void {
	return (machine) => {
		const xs = new XsMachine(machine, { ...programOf(app, heaps), onSample });
		onMachine?.(xs);
	};
}

/** Runs an application that needs no device, until it writes its first line. @returns the line */
export async function firstTrace(app: XsApp): Promise<string> {
	return await new Promise((resolve, reject) => {
		let started = false;
		const process = new XsProcess(programOf(app), {
			call: () => undefined,
			trace(text) {
				process.kill();
				resolve(text);
			},
			idle() {
				if (!started) process.start();
				started = true;
			},
			ended: (reason) => reject(new Error(reason)),
		});
	});
}

function programOf(app: XsApp, heaps = chipHeaps(app)): XsProgram {
	return { executable: app.engine.executable, image: app.image, heaps };
}
