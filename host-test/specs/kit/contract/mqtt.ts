import assert from "node:assert/strict";
import { type MqttClientClass, makeMqttBench } from "./mqtt-bench.js";
import { defineMqttIncoming } from "./mqtt-incoming.js";
import { defineMqttOutgoing } from "./mqtt-outgoing.js";

/** What a client of `embedded:network/mqtt/client` does, defects included: the SDK's file, and the host's that stands for it. */
export function defineMqttContract(Client: MqttClientClass): void {
	const bench = makeMqttBench(Client);
	beforeEach(() => bench.renew());
	afterEach(() => assert.deepEqual(bench.wire.aborts, []));
	defineMqttOutgoing(bench);
	defineMqttIncoming(bench);
}
