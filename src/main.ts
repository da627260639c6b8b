import { Agent } from "./agent/agent.js";
import { appOptions } from "./app.js";
import { readConfig } from "./config.js";
import { mqttNetwork } from "./platform/network.js";

/** The app that the root manifest flashes: settings in, agent started. XS calls it after loading the module. */
export default function main(): void {
	const config = readConfig();
	const { host, port, startJitterMs, messageBytes } = config;
	const network = mqttNetwork(host, port);
	new Agent({ ...appOptions(config), host, port, network, startJitterMs, messageBytes }).start();
}
