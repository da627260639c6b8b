import { makeApp } from "iot-jobs/app/app";
import { PollingAgent } from "iot-jobs/https-agent";
import { dataPlaneNetwork } from "iot-jobs/platform/network";

/** The app of `main.ts` for a device that is not always there: over HTTPS, polling. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, pollMs } = config;
	const network = dataPlaneNetwork(host, port, credentials);
	new PollingAgent({ ...options, host, port, network, join, startJitterMs, messageBytes, pollMs }).start();
}
