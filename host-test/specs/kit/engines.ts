import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "../../machine/machine.js";
import { findXs, prepareXsApp, type XsApp, xsProgram } from "../../xs/xs-app.js";

/** What runs the agent. */
export type Engine = "node" | "xs";

const xs = findXs();
const apps = new Map<string, Promise<XsApp>>();

/** XS where it was built; where it was not, the output says so. */
export const engines: readonly Engine[] = xs === undefined ? ["node"] : ["node", "xs"];

before(() => {
	process.stdout.write(
		xs === undefined
			? "  XS IS NOT BUILT: nothing is run in the chip's engine. npm run build:xs builds it.\n"
			: `  XS with ${xs.bits} bits is built: the agent is run in both engines.\n`,
	);
});

/** The application in XS, compiled once. @param main default: src/app/main.ts */
export async function xsApp(main?: string): Promise<XsApp> {
	if (xs === undefined) throw new Error("XS is not built");
	const key = main ?? "";
	let app = apps.get(key);
	if (app === undefined) {
		const directory = mkdtempSync(join(tmpdir(), "iot-jobs-xs-"));
		process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
		app = prepareXsApp(xs, directory, main === undefined ? {} : { main });
		apps.set(key, app);
	}
	return await app;
}

/** A device's program for an engine; undefined is the device's own default, the agent in Node.js. */
export async function programFor(engine: Engine): Promise<((machine: Machine) => void) | undefined> {
	return engine === "node" ? undefined : xsProgram(await xsApp());
}
