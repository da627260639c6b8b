import { HandlerRegistry } from "./agent/handler.js";
import { PollingAgent } from "./agent/polling-agent.js";
import { readConfig } from "./config.js";
import { OtaHandler } from "./handlers/ota.js";
import { RebootHandler } from "./handlers/reboot.js";
import { codeSigningKey } from "./platform/code-signing-key.js";
import { EspFirmware } from "./platform/firmware.js";
import { dataPlaneNetwork, httpNetwork } from "./platform/network.js";
import { KeyValueSlots } from "./platform/storage.js";

/** The app of `main.ts` for a device that is not always there: over HTTPS, polling. */
export default function main(): void {
	const { thingName, host, port, version, startJitterMs, selfTestMs, messageBytes, requireSignature, pollMs } =
		readConfig();
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
	new PollingAgent({
		thingName,
		host,
		port,
		network: dataPlaneNetwork(host, port),
		storage: new KeyValueSlots(),
		handlers,
		restart: () => firmware.restart(),
		resetReason: firmware.resetReason(),
		startJitterMs,
		messageBytes,
		pollMs,
	}).start();
}
