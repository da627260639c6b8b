import { PollingAgent } from "./agent/polling-agent.js";
import { appOptions } from "./app.js";
import { readConfig } from "./config.js";
import { dataPlaneNetwork } from "./platform/network.js";

/** The app of `main.ts` for a device that is not always there: over HTTPS, polling. */
export default function main(): void {
	const config = readConfig();
	const { host, port, startJitterMs, messageBytes, pollMs } = config;
	const network = dataPlaneNetwork(host, port);
	new PollingAgent({ ...appOptions(config), host, port, network, startJitterMs, messageBytes, pollMs }).start();
}
