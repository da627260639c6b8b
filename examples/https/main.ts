import { makeApp } from "iot-jobs/app/app";
import { HttpsAgent } from "iot-jobs/https-agent";
import { httpsLinkNetwork } from "iot-jobs/platform/network";

/** The app of `main.ts` for a device that is not always there: over HTTPS, polling. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, pollMs } = config;
	const network = httpsLinkNetwork(host, port, credentials);
	new HttpsAgent({ ...options, host, port, network, join, startJitterMs, messageBytes, pollMs }).start();
}
