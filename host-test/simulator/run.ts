// `npm run sim`: builds the app for the SDK's Linux simulator, and is its boot loader, its reset and its console until Ctrl-C.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { callFor, missing } from "../cli/mcconfig.js";
import { findSdk } from "../sdk/sdk.js";
import { flashByCable, makeProgramImage } from "./boot-loader.js";
import { openDisplay } from "./display.js";
import { Simulator } from "./simulator.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What ends with the terminal is told in one line, and no stack. */
async function main(rest: readonly string[]): Promise<void> {
	const call = callFor("sim", rest);
	const sdk = findSdk();
	const problem = missing(call, sdk?.env ?? process.env, existsSync);
	if (sdk === undefined || problem !== undefined) throw new Error(problem);
	const output = join(root, "build/simulator");
	const manifest = resolve(root, call.manifest);
	const settings = rest.filter((one) => /^\w+=/.test(one));
	process.stdout.write("builds; the first time takes some minutes\n");
	const { status, text, directory, program } = await sdk.build({ target: "lin", manifest, output, settings });
	if (status !== 0) throw new Error(`${text}\nmcconfig ended with ${status}`);
	const { config } = JSON.parse(readFileSync(join(directory, "manifest_flat.json"), "utf8")) as {
		config: { version?: string };
	};
	const image = makeProgramImage(readFileSync(program), config.version ?? "1.0.0");
	const file = join(output, `firmware-${config.version}.bin`);
	writeFileSync(file, image);
	const flash = join(output, "flash");
	flashByCable(flash, image);
	process.stdout.write(`${file}: the image, for an ota job of another version\n${flash}: the flash\n`);
	const display = await openDisplay();
	const simulator = new Simulator(sdk, flash, display.name);
	simulator.on("line", (line) => process.stdout.write(`  console  ${line}\n`));
	simulator.on("boot", ({ slot, version }) => process.stdout.write(`boots version ${version} from slot ${slot}\n`));
	simulator.on("reset", (why) => process.stdout.write(`reset (${why})\n`));
	simulator.on("bricked", () => process.stdout.write(`no image boots: delete ${dirname(flash)}\n`));
	const end = () => {
		display.close();
		process.exit();
	};
	simulator.on("off", end);
	process.on("SIGINT", () => simulator.cutPower());
	process.on("SIGTERM", () => simulator.cutPower());
	simulator.powerOn();
}

main(process.argv.slice(2)).catch((error: Error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 2;
});
