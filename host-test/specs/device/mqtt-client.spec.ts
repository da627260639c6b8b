import MQTTClient from "../../ecma419/mqtt-client.js";
import { defineMqttContract, type MqttClientClass } from "../kit/contract/mqtt.js";

describe("The ECMA-419 MQTT client on the host", () => defineMqttContract(MQTTClient as never as MqttClientClass));
