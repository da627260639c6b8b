import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineHttpContract } from "../kit/contract/http.js";
import type { HttpClientClass } from "../kit/contract/http-bench.js";
import { defineMqttContract } from "../kit/contract/mqtt.js";
import type { MqttClientClass } from "../kit/contract/mqtt-bench.js";
import { sdk } from "../kit/sdk.js";

/**
 * A client of the SDK's, in Node.js: its own file, over the host's `timer` and `time`. As a URL, since Node takes a file `.js` without
 * a package.json for CommonJS.
 */
async function load<T>(file: string): Promise<T> {
	const source = readFileSync(join(sdk?.directory ?? "", "examples/io/tcp", file));
	const { default: client } = await import(`data:text/javascript;base64,${source.toString("base64")}`);
	return client as T;
}

if (sdk !== undefined) {
	const Mqtt = await load<MqttClientClass>("mqttclient/mqttclient.js");
	describe(`The MQTT client of the Moddable SDK ${sdk.version}`, () => defineMqttContract(Mqtt));
	const Http = await load<HttpClientClass>("httpclient/httpclient.js");
	describe(`The HTTP client of the Moddable SDK ${sdk.version}`, () => defineHttpContract(Http));
}
