// The board, its settings and the operations that come built in. For main.ts and the examples.
import type { Handler } from "../agent/handler.js";
import { HandlerRegistry } from "../agent/handler-registry.js";
import type { EngineOptions } from "../agent/options.js";
import { ConfigHandler } from "../handlers/config.js";
import { DiagnosticsHandler } from "../handlers/diagnostics.js";
import { EraseHandler } from "../handlers/erase.js";
import { FileHandler } from "../handlers/file.js";
import { OtaHandler } from "../handlers/ota/ota.js";
import { ROLLBACK_LINE } from "../handlers/ota/self-test.js";
import { RebootHandler } from "../handlers/reboot.js";
import { RotateCertificateHandler } from "../handlers/rotate-certificate.js";
import type { JoinNetwork, LinkOptions } from "../link/link-options.js";
import { codeSigningKey } from "../platform/code-signing-key.js";
import { EspFirmware } from "../platform/firmware.js";
import { measureDevice } from "../platform/measure.js";
import { httpNetwork } from "../platform/network.js";
import { type WiFiCredentials, WiFiStation } from "../platform/wifi.js";
import { CREDENTIALS } from "../storage/credentials.js";
import { KeyValueSlots } from "../storage/record-slots.js";
import { readSettings, SETTINGS } from "../storage/settings.js";
import { TwoVersions } from "../storage/two-versions.js";
import { type LinkConfig, readConfig } from "./config.js";

/** All that `new MqttAgent` and `new HttpsAgent` need. `N` holds the network classes for the one or the other. */
export interface App<N> extends EngineOptions, LinkConfig, LinkOptions<N> {}

/**
 * The board with its settings and the jobs that it does.
 *
 * @param network `mqttNetwork` or `httpsLinkNetwork` of `platform/network.ts`; `credentials` is where a `rotate-certificate`
 *   job puts the device's new certificate
 */
export function makeApp<N>(network: (host: string, port: number, credentials: TwoVersions) => N): App<N> {
	const settings = new TwoVersions(SETTINGS);
	const credentials = new TwoVersions(CREDENTIALS);
	const {
		link,
		version,
		selfTestMs,
		requireSignature,
		wifi,
		wifiIsFixed,
		timeServer,
		handlers: wanted,
	} = readConfig(readSettings(settings));
	const firmware = new EspFirmware();
	const restart = () => firmware.restart();
	const download = { network: httpNetwork, publicKey: codeSigningKey, requireSignature };
	const handlers = new HandlerRegistry();
	const all: readonly Handler[] = [
		new RebootHandler(),
		new OtaHandler({ ...download, firmware, version, selfTestMs }),
		new FileHandler(download),
		new ConfigHandler({ versions: settings, restart, takesWiFi: !wifiIsFixed }),
		new RotateCertificateHandler({ versions: credentials, restart, network: httpNetwork }),
		new DiagnosticsHandler(() => ({ version, ...measureDevice() })),
		new EraseHandler(settings),
	];
	for (const handler of all) {
		if (wanted === undefined || ` ${wanted} `.includes(` ${handler.operation} `)) handlers.add(handler);
	}
	if (firmware.rollbackSupport() === "missing") trace(`the boot loader was built without ${ROLLBACK_LINE}\n`);
	return {
		...link,
		network: () => network(link.host, link.port, credentials),
		join: wifi && joinWiFi(wifi, timeServer),
		storage: new KeyValueSlots(),
		handlers,
		restart,
		resetReason: firmware.resetReason(),
	};
}

function joinWiFi(credentials: WiFiCredentials, timeServer: string): JoinNetwork {
	const station = new WiFiStation(credentials, timeServer);
	return (joined) => station.join(joined);
}
