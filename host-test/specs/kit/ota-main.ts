import { HandlerRegistry } from "../../../src/agent/handler-registry.js";
import { makeApp } from "../../../src/app/app.js";
import { BuildConfig } from "../../../src/app/config.js";
import { EVERYTHING } from "../../../src/app/everything.js";
import { byUrl } from "../../../src/app/https.js";
import { byStream } from "../../../src/app/streams.js";
import { OtaHandler, type OtaOptions } from "../../../src/handlers/ota/ota.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";
import { codeSigning } from "../../../src/platform/code-signing.js";
import { EspFirmware } from "../../../src/platform/firmware.js";
import { mqttNetwork } from "../../../src/platform/mqtt-network.js";

/** An application with an update handler of its own making. */
export function otaMain(options: Partial<OtaOptions>): void {
	const config = new BuildConfig();
	const ota = new OtaHandler({
		firmware: new EspFirmware(),
		byUrl,
		byStream,
		version: config.version,
		verifier: codeSigning,
		requireSignature: config.isTrue("requireSignature"),
		selfTestMs: config.number("selfTestMs"),
		...options,
	});
	const handlers = new HandlerRegistry().add(ota);
	new MqttAgent({ ...makeApp(mqttNetwork, EVERYTHING), handlers }).start();
}
