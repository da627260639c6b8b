import type { Handler } from "../../../src/agent/handler.js";
import { type HandlerMaker, HandlerRegistry } from "../../../src/agent/handler-registry.js";
import type { EngineOptions } from "../../../src/agent/options.js";
import { readConfig } from "../../../src/app/config.js";
import { OtaHandler } from "../../../src/handlers/ota/ota.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";
import { EspFirmware } from "../../../src/platform/firmware.js";
import { httpNetwork, mqttNetwork } from "../../../src/platform/network.js";
import { KeyValueSlots } from "../../../src/storage/record-slots.js";

/** An application of its own around the agent: like src/app/main.ts, with other handlers and options. */
export function mainWith(own: readonly (Handler | HandlerMaker)[], options: Partial<EngineOptions> = {}): MqttAgent {
	const { link, version } = readConfig();
	const firmware = new EspFirmware();
	const handlers = new HandlerRegistry().add(new OtaHandler({ firmware, network: httpNetwork, version }));
	for (const handler of own) handlers.add(handler);
	const agent = new MqttAgent({
		...link,
		network: () => mqttNetwork(link.host, link.port),
		storage: new KeyValueSlots(),
		handlers,
		restart: () => firmware.restart(),
		resetReason: firmware.resetReason(),
		...options,
	});
	agent.start();
	return agent;
}
