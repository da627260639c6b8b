import { makeApp } from "iot-jobs/app/app";
import { reboot } from "iot-jobs/app/reboot";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { mqttNetwork } from "iot-jobs/platform/mqtt-network";

/** The least that an agent is: an app with one operation, `reboot`, whose network is up when it starts. */
export default function main(): void {
	new MqttAgent(makeApp(mqttNetwork, [reboot])).start();
}
