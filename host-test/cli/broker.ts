import { realClock } from "../clock.js";
import { plainText } from "../emulator/base/plain-text.js";
import { Broker } from "../emulator/broker/broker.js";
import { connectRedis } from "../emulator/broker/cluster.js";
import { Faults } from "../emulator/faults/faults.js";
import { Pki } from "../emulator/identity/pki.js";
import { DEVICE_POLICY } from "../emulator/identity/policy.js";
import { readPolicies, readRedis } from "./emulator-options.js";
import { interrupted, started } from "./servers.js";

export interface BrokerCommandOptions {
	dir: string;
	redis: string;
	host: string;
	mqttPort: number;
	policy: string[];
	outlive?: boolean;
	json?: boolean;
}

/**
 * `iot-jobs broker`: one more broker for the cluster of `iot-jobs emulate --redis`, until SIGINT or SIGTERM. It has no registry: a
 * certificate of the CA belongs to the thing of its common name.
 */
export async function broker(options: BrokerCommandOptions): Promise<number> {
	const { dir, host, mqttPort } = options;
	const policies = new Map(Object.entries(readPolicies(options.policy, undefined)));
	const log = (line: string) => process.stderr.write(`${plainText(line)}\n`);
	const cluster = await connectRedis(readRedis(options.redis), log);
	const pki = await Pki.open(dir);
	const node = await started(
		Broker.start({
			...{ host, port: mqttPort, ca: pki.ca, server: await pki.server([host]), clock: realClock, cluster },
			...{ hasService: false, faults: new Faults(), isThing: () => false },
			principalOf: (_id, thingName) => ({ thingName, policy: policies.get(thingName) ?? DEVICE_POLICY }),
		}),
	);
	node.on("log", log);
	const end = interrupted(options.outlive);
	const { port } = node;
	process.stdout.write(options.json ? `${JSON.stringify({ mqtt: { host, port } })}\n` : `MQTT at ${host}:${port}\n`);
	await end;
	await node.close();
	return 0;
}
