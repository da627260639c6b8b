import { fileURLToPath } from "node:url";
import type { VirtualDeviceOptions } from "../../device/virtual-device.js";
import { xsProgram } from "../../xs/xs-app.js";
import { type Engine, xsApp } from "./engines.js";
import type { Lab, TestDevice } from "./lab.js";
import { tracedLines } from "./traced.js";

/** A device that runs one of the kit's `main-...` in place of the agent, and what its calls gave. */
export async function runCalls(
	lab: Lab,
	engine: Engine,
	name: string,
	options: Partial<VirtualDeviceOptions> = {},
): Promise<{ device: TestDevice; results: Record<string, string> }> {
	const url = new URL(`${name}.ts`, import.meta.url);
	const main = engine === "node" ? (await import(url.href)).default : xsProgram(await xsApp(fileURLToPath(url)));
	const device = await lab.device(await lab.emulator(), { program: () => main, ...options });
	device.powerOn();
	await device.said(/^done|XS abort/);
	return { device, results: tracedLines(device.lines) };
}
