import { makeApp } from "../../../src/app/app.js";
import { https } from "../../../src/app/https.js";
import { ota } from "../../../src/app/ota.js";
import { MqttAgent } from "../../../src/mqtt-agent.js";
import { mqttNetwork } from "../../../src/platform/mqtt-network.js";

/** An app with updates over HTTPS alone, whose own self-test says what is wrong with each new image, and whose gate counts. */
export default function main(): void {
	new MqttAgent(
		makeApp(mqttNetwork, [ota, https], {
			selfTest: (done) => done("the pump does not answer"),
			gate(step, proceed) {
				trace(`may ${step}\n`);
				proceed();
			},
		}),
	).start();
}
