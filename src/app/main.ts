import { MqttAgent } from "../mqtt-agent.js";
import { mqttNetwork } from "../platform/network.js";
import { makeApp } from "./app.js";

/** The app that the root manifest flashes: settings in, agent started. XS calls it after loading the module. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, subscribeAnswers } = config;
	const network = mqttNetwork(host, port, credentials);
	new MqttAgent({ ...options, host, port, network, join, startJitterMs, messageBytes, subscribeAnswers }).start();
}
