import { HandlerRegistry } from "./agent/handler.js";
import type { EngineOptions } from "./agent/options.js";
import type { Config } from "./config.js";
import { FileHandler } from "./handlers/file.js";
import { OtaHandler, ROLLBACK_LINE } from "./handlers/ota.js";
import { RebootHandler } from "./handlers/reboot.js";
import { codeSigningKey } from "./platform/code-signing-key.js";
import { EspFirmware } from "./platform/firmware.js";
import { httpNetwork } from "./platform/network.js";
import { KeyValueSlots } from "./platform/storage.js";

/** What both apps have in common, over MQTT and over HTTPS: the board, and the jobs that it does. */
export function appOptions({ thingName, version, selfTestMs, requireSignature }: Config): EngineOptions {
	const firmware = new EspFirmware();
	const network = httpNetwork;
	const publicKey = codeSigningKey;
	const handlers = new HandlerRegistry()
		.add(new RebootHandler())
		.add(new OtaHandler({ firmware, network, version, selfTestMs, publicKey, requireSignature }))
		.add(new FileHandler({ network, publicKey, requireSignature }));
	if (firmware.rollbackSupport() === "missing") trace(`the boot loader was built without ${ROLLBACK_LINE}\n`);
	return {
		thingName,
		storage: new KeyValueSlots(),
		handlers,
		restart: () => firmware.restart(),
		resetReason: firmware.resetReason(),
	};
}
