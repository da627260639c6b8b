import { PollingAgent } from "./agent/polling-agent.js";
import { makeApp } from "./app.js";
import { dataPlaneNetwork } from "./platform/network.js";

/** The app of `main.ts` for a device that is not always there: over HTTPS, polling. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, pollMs } = config;
	const network = dataPlaneNetwork(host, port, credentials);
	new PollingAgent({ ...options, host, port, network, join, startJitterMs, messageBytes, pollMs }).start();
}
