import MQTTClient from "../../ecma419/mqtt-client.js";
import { defineMqttContract } from "../kit/contract/mqtt.js";
import type { MqttClientClass } from "../kit/contract/mqtt-bench.js";

describe("The ECMA-419 MQTT client on the host", () => defineMqttContract(MQTTClient as never as MqttClientClass));
