import { type Handler, HandlerRegistry } from "../agent/handler.js";
import type { EngineOptions } from "../agent/options.js";
import { ConfigHandler } from "../handlers/config.js";
import { DiagnosticsHandler } from "../handlers/diagnostics.js";
import { EraseHandler } from "../handlers/erase.js";
import { FileHandler } from "../handlers/file.js";
import { OtaHandler } from "../handlers/ota/ota.js";
import { ROLLBACK_LINE } from "../handlers/ota/self-test.js";
import { RebootHandler } from "../handlers/reboot.js";
import { RotateCertificateHandler } from "../handlers/rotate-certificate.js";
import type { JoinNetwork } from "../link/join.js";
import { codeSigningKey } from "../platform/code-signing-key.js";
import { EspFirmware } from "../platform/firmware.js";
import { measureDevice } from "../platform/measure.js";
import { httpNetwork } from "../platform/network.js";
import { WiFiStation } from "../platform/wifi.js";
import { CREDENTIALS } from "../storage/credentials.js";
import { KeyValueSlots } from "../storage/record-slots.js";
import { readSettings, SETTINGS } from "../storage/settings.js";
import { TwoVersions } from "../storage/two-versions.js";
import { type Config, readConfig } from "./config.js";

/** What both apps have in common, over MQTT and over HTTPS. */
export interface App {
	readonly config: Config;
	/** Where a `rotate-certificate` job puts the device's credentials. */
	readonly credentials: TwoVersions;
	readonly options: EngineOptions;
	/** Where the device joins an access point itself. */
	readonly join: JoinNetwork | undefined;
}

/** The board, its settings, and the jobs that it does. */
export function makeApp(): App {
	const settings = new TwoVersions(SETTINGS);
	const credentials = new TwoVersions(CREDENTIALS);
	const config = readConfig(readSettings(settings));
	const { thingName, version, selfTestMs, requireSignature, wifi, wifiIsFixed, timeServer } = config;
	const firmware = new EspFirmware();
	const network = httpNetwork;
	const publicKey = codeSigningKey;
	const restart = () => firmware.restart();
	const all: readonly Handler[] = [
		new RebootHandler(),
		new OtaHandler({ firmware, network, version, selfTestMs, publicKey, requireSignature }),
		new FileHandler({ network, publicKey, requireSignature }),
		new ConfigHandler({ versions: settings, restart, takesWiFi: !wifiIsFixed }),
		new RotateCertificateHandler({ versions: credentials, restart, network }),
		new DiagnosticsHandler(() => ({ version, ...measureDevice() })),
		new EraseHandler(settings),
	];
	const handlers = new HandlerRegistry();
	const wanted = ` ${config.handlers} `;
	for (const handler of all) if (wanted.includes(` ${handler.operation} `)) handlers.add(handler);
	if (firmware.rollbackSupport() === "missing") trace(`the boot loader was built without ${ROLLBACK_LINE}\n`);
	const resetReason = firmware.resetReason();
	const station = wifi && new WiFiStation(wifi, timeServer);
	const join = station && ((joined: () => void) => station.join(joined));
	return {
		config,
		credentials,
		join,
		options: { thingName, storage: new KeyValueSlots(), handlers, restart, resetReason },
	};
}
