import { makeApp } from "iot-jobs/app/app";
import { https } from "iot-jobs/app/https";
import { ota } from "iot-jobs/app/ota";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { mqttNetwork } from "iot-jobs/platform/mqtt-network";

/** An app that takes firmware updates over HTTPS, and nothing else. */
export default function main(): void {
	new MqttAgent(makeApp(mqttNetwork, [ota, https])).start();
}
