// The SDK's MQTT client with this device's credentials, as the link takes it. For the app.
import MQTTClient from "embedded:network/mqtt/client";
import type { MqttNetwork } from "../link/mqtt.js";
import type { TwoVersions } from "../storage/two-versions.js";
import { mutual, sockets } from "./network.js";

/** On port 443 AWS tells MQTT from HTTPS by this name. */
const ALPN = "x-amzn-mqtt-ca";

/**
 * MQTT over mutual TLS.
 *
 * @param trial where a `rotate-certificate` job puts other credentials
 */
export function mqttNetwork(host: string, port: number, trial?: TwoVersions): MqttNetwork {
	return {
		mqtt: { io: MQTTClient } as unknown as MqttNetwork["mqtt"],
		...sockets(mutual(host, port, ALPN, trial)),
	};
}
