import { makeApp } from "iot-jobs/app/app";
import { EVERYTHING } from "iot-jobs/app/everything";
import { HttpsAgent } from "iot-jobs/https-agent";
import { httpsLinkNetwork } from "iot-jobs/platform/https-network";

/** An app for a device that is not always there: over HTTPS, polling. Otherwise it is `src/app/main.ts`. */
export default function main(): void {
	new HttpsAgent(makeApp(httpsLinkNetwork, EVERYTHING)).start();
}
