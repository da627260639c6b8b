import { Agent } from "./agent/agent.js";
import { HandlerRegistry } from "./agent/handler.js";
import { readConfig } from "./config.js";
import { OtaHandler } from "./handlers/ota.js";
import { RebootHandler } from "./handlers/reboot.js";
import { codeSigningKey } from "./platform/code-signing-key.js";
import { EspFirmware } from "./platform/firmware.js";
import { httpNetwork, mqttNetwork } from "./platform/network.js";
import { KeyValueSlots } from "./platform/storage.js";

/** The app that the root manifest flashes: settings in, agent started. XS calls it after loading the module. */
export default function main(): void {
	const config = readConfig();
	const { thingName, host, port, version, startJitterMs, selfTestMs, messageBytes, requireSignature } = config;
	const firmware = new EspFirmware();
	const handlers = new HandlerRegistry().add(new RebootHandler()).add(
		new OtaHandler({
			firmware,
			network: httpNetwork,
			version,
			selfTestMs,
			publicKey: codeSigningKey,
			requireSignature,
		}),
	);
	const agent = new Agent({
		thingName,
		host,
		port,
		network: mqttNetwork(host, port),
		storage: new KeyValueSlots(),
		handlers,
		restart: () => firmware.restart(),
		resetReason: firmware.resetReason(),
		startJitterMs,
		messageBytes,
	});
	agent.start();
}
