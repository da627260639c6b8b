import { MqttAgent } from "../mqtt-agent.js";
import { mqttNetwork } from "../platform/mqtt-network.js";
import { makeApp } from "./app.js";
import { EVERYTHING } from "./everything.js";

/** The app that the root manifest flashes: settings in, agent started. XS calls it after loading the module. */
export default function main(): void {
	new MqttAgent(makeApp(mqttNetwork, EVERYTHING)).start();
}
