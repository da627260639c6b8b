import type { Handler } from "../../../src/agent/handler.js";
import type { HandlerMaker } from "../../../src/agent/handler-registry.js";
import type { EngineOptions } from "../../../src/agent/options.js";
import { makeApp } from "../../../src/app/app.js";
import { https } from "../../../src/app/https.js";
import { ota } from "../../../src/app/ota.js";
import { streams } from "../../../src/app/streams.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";
import { mqttNetwork } from "../../../src/platform/mqtt-network.js";

/** An application of its own around the agent: like src/app/main.ts, with other handlers and options. */
export function mainWith(own: readonly (Handler | HandlerMaker)[], options: Partial<EngineOptions> = {}): MqttAgent {
	const app = makeApp(mqttNetwork, [ota, https, streams]);
	for (const handler of own) app.handlers.add(handler);
	const agent = new MqttAgent({ ...app, ...options });
	agent.start();
	return agent;
}
