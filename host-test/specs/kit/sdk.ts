import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { provision } from "../../cli/provision.js";
import { findSdk } from "../../sdk/sdk.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

// Where the page's app looks for the agent.
process.env.IOT_JOBS = root;
/** The SDK that these specs are about. Without one they are not defined, and the run says so. */
export const sdk = findSdk();
if (sdk === undefined) {
	process.stdout.write("  MODDABLE is not set: the SDK's builds and its simulator are not tried.\n");
}

/** What is built is kept, so that the next run compiles what has changed alone. */
export const output = join(root, "build/sdk");
export const emulatorDirectory = join(output, "emulator");
export const THING = "lamp";
/** They are built into the program, and so are the same each time. */
export const MQTT_PORT = 28_883;
export const DATA_PORT = 28_443;

const apps = join(output, "app");
export const ROOT_APP = join(apps, "manifest.json");
export const FOREIGN_APP = join(output, "foreign", "manifest.json");
/** The root app, with the root app's heaps, that tells its memory on the console. */
export const MEASURED_APP = join(output, "measured", "manifest.json");
/** The root app with a code signing key: it demands that images are signed. */
export const SIGNED_APP = join(output, "signed", "manifest.json");

/** The root app and the examples as a clone has them, with credentials for the emulator; and an app of somebody else's. */
export async function layOut(): Promise<void> {
	mkdirSync(apps, { recursive: true });
	cpSync(join(root, "examples"), join(apps, "examples"), { recursive: true });
	await layOutApp(apps);
	const own = { modules: { "*": "./main" }, preload: "main" };
	const { manifest, main } = pagesApp();
	writeApp(FOREIGN_APP, JSON.parse(manifest.replace("./credentials/", join(apps, "credentials/"))), main);
	const modules = ["debug", "instrumentation"].map((name) => `$(MODDABLE)/modules/base/${name}/manifest.json`);
	const ours = ["manifest.json", "manifests/board.json"].map((name) => join(root, "src", name));
	const include = [...modules, ...ours, join(apps, "credentials/manifest.json")];
	writeApp(MEASURED_APP, { include, ...own }, MEASURED_MAIN);
}

/** @param codeSigningKey a file with the public key, PEM */
export async function layOutSigned(codeSigningKey: string): Promise<void> {
	await layOutApp(dirname(SIGNED_APP), { codeSigningKey });
}

/** The root app. */
async function layOutApp(directory: string, options: { codeSigningKey?: string } = {}): Promise<void> {
	mkdirSync(directory, { recursive: true });
	cpSync(join(root, "manifest.json"), join(directory, "manifest.json"));
	rmSync(join(directory, "src"), { force: true });
	symlinkSync(join(root, "src"), join(directory, "src"));
	const write = process.stdout.write;
	process.stdout.write = () => true;
	try {
		const endpoint = `127.0.0.1:${MQTT_PORT}`;
		const out = join(directory, "credentials");
		await provision({ thing: THING, dir: emulatorDirectory, endpoint, out, ...options });
	} finally {
		process.stdout.write = write;
	}
}

function writeApp(path: string, manifest: object, main: string): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, JSON.stringify(manifest));
	writeFileSync(join(dirname(path), "main.ts"), main);
}

export const exampleApp = (name: string) => join(apps, "examples", name, "manifest.json");

/** The app that docs/into-your-app.md shows: what a reader copies is what is built. */
export function pagesApp(): { manifest: string; main: string } {
	const page = readFileSync(join(root, "docs/into-your-app.md"), "utf8");
	const block = (pattern: RegExp) => pattern.exec(page)?.[1] as string;
	return { manifest: block(/```json\n(\{\n[\s\S]*?)```/), main: block(/```ts\n([\s\S]*?)```/) };
}

/** Each quarter of a second what is used, and each fourth time what is left of it when the garbage is collected. */
const MEASURED_MAIN = `import Debug from "debug";
import Instrumentation from "instrumentation";
import main from "iot-jobs/app/main";
import Timer from "timer";

const NAMES = Object.freeze(["XS Slot Heap Used", "XS Chunk Heap Used", "XS Stack Used"] as const, true);

function tell(what: string): void {
	const values = NAMES.map((name) => Instrumentation.get(Instrumentation.map(name)));
	trace("memory " + what + " " + values.join(" ") + "\\n");
}

export default function () {
	main();
	let turn = 0;
	Timer.repeat(() => {
		tell("used");
		turn += 1;
		if (turn % 4 !== 0) return;
		Debug.gc();
		tell("collected");
	}, 250);
}
`;
