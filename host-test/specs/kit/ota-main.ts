import { HandlerRegistry } from "../../../src/agent/handler-registry.js";
import { makeApp } from "../../../src/app/app.js";
import { readConfig } from "../../../src/app/config.js";
import { OtaHandler, type OtaOptions } from "../../../src/handlers/ota/ota.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";
import { codeSigningKey } from "../../../src/platform/code-signing-key.js";
import { EspFirmware } from "../../../src/platform/firmware.js";
import { httpNetwork, mqttNetwork } from "../../../src/platform/network.js";

/** An application with an update handler of its own making. */
export function otaMain(options: Partial<OtaOptions>): void {
	const { version, requireSignature, selfTestMs } = readConfig();
	const ota = new OtaHandler({
		firmware: new EspFirmware(),
		network: httpNetwork,
		version,
		publicKey: codeSigningKey,
		requireSignature,
		selfTestMs,
		...options,
	});
	const handlers = new HandlerRegistry().add(ota);
	new MqttAgent({ ...makeApp(mqttNetwork), handlers }).start();
}
