import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { provision } from "../../cli/provision.js";
import { findSdk } from "../../sdk/sdk.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

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

/** The root app and the examples as a clone has them, with credentials for the emulator; and an app of somebody else's. */
export async function layOut(): Promise<void> {
	mkdirSync(apps, { recursive: true });
	for (const name of ["manifest.json", "examples"]) cpSync(join(root, name), join(apps, name), { recursive: true });
	rmSync(join(apps, "src"), { force: true });
	symlinkSync(join(root, "src"), join(apps, "src"));
	const write = process.stdout.write;
	process.stdout.write = () => true;
	try {
		const endpoint = `127.0.0.1:${MQTT_PORT}`;
		await provision({ thing: THING, dir: emulatorDirectory, endpoint, out: join(apps, "credentials") });
	} finally {
		process.stdout.write = write;
	}
	const foreign = join(output, "foreign");
	mkdirSync(foreign, { recursive: true });
	const manifest = {
		include: ["$(MODDABLE)/examples/manifest_base.json", join(root, "src/manifest.json")],
		modules: { "*": "./main" },
		preload: "main",
	};
	writeFileSync(FOREIGN_APP, JSON.stringify(manifest));
	writeFileSync(join(foreign, "main.ts"), FOREIGN_MAIN);
}

export const exampleApp = (name: string) => join(apps, "examples", name, "manifest.json");

/** It takes the parts that it needs, and gives the agent what the app of `src/app` gives it. */
const FOREIGN_MAIN = `import { HandlerRegistry } from "iot-jobs/agent/handler";
import { RebootHandler } from "iot-jobs/handlers/reboot";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { EspFirmware } from "iot-jobs/platform/firmware";
import { mqttNetwork } from "iot-jobs/platform/network";
import { KeyValueSlots } from "iot-jobs/storage/record-slots";
import KeyValue from "embedded:storage/key-value";
import Timer from "timer";

const host = "example.com";
const port = 8883;

export default function () {
	Timer.set(() => trace(typeof KeyValue), 1_000);
	const firmware = new EspFirmware();
	const handlers = new HandlerRegistry();
	handlers.add(new RebootHandler());
	const restart = () => firmware.restart();
	const resetReason = firmware.resetReason();
	const storage = new KeyValueSlots();
	const network = mqttNetwork(host, port);
	new MqttAgent({ thingName: "mine", host, port, network, storage, handlers, restart, resetReason }).start();
}
`;
