import { ControlServer } from "./api/control-server.js";
import { DataServer } from "./api/data-server.js";
import { Broker } from "./broker/broker.js";
import { RemoteBroker, SERVICE_NAME } from "./broker/remote-broker.js";
import type { ServiceBroker } from "./broker/service-broker.js";
import type { Pair } from "./identity/pki.js";
import type { BrokerAddress, EmulatorOptions } from "./options.js";
import type { Parts } from "./parts.js";
import { reset } from "./reset.js";

/** Where an emulator is reached: MQTT and HTTPS for devices, HTTP for operators. */
export interface Servers {
	readonly host: string;
	readonly broker: ServiceBroker;
	readonly data: DataServer;
	readonly control: ControlServer;
}

/** When one of the servers does not start, those that run are closed. @throws what it threw */
export async function startServers(options: EmulatorOptions, parts: Parts): Promise<Servers> {
	const { host = "127.0.0.1", names = [], dataPort = 0, controlPort = 0, accessKey } = options;
	const running: { close(): Promise<void> }[] = [];
	try {
		// Before a broker that runs elsewhere is waited for: it may show this certificate, and start only then.
		const server = await parts.pki.server([host, ...names]);
		const broker = await startBroker(options, parts, host, server);
		running.push(broker);
		const data = await DataServer.start({
			...{ host, port: dataPort, ca: trusted(parts), server },
			...parts,
			principalOf: (id) => parts.certificates.principalOf(id),
			onMqtt: (socket) => broker.accept(socket),
			log: (line) => broker.emit("log", line),
		});
		running.push(data);
		parts.certificates.on("registered", () => {
			for (const port of [broker, data]) port.trust(trusted(parts));
		});
		const endpoints = endpointsOf(host, broker, data.port);
		const control = await ControlServer.start({
			...{ host, names, port: controlPort, accessKey, endpoints, ...parts },
			reset: () => reset(options, parts),
		});
		return { host, broker, data, control };
	} catch (error) {
		await Promise.all(running.map((server) => server.close()));
		throw error;
	}
}

async function startBroker(options: EmulatorOptions, parts: Parts, host: string, server: Pair): Promise<ServiceBroker> {
	if (options.broker !== undefined) return await connectToBroker(options.broker, parts, options.log);
	const { registry, certificates, faults, clock } = parts;
	return await Broker.start({
		host,
		port: options.mqttPort ?? 0,
		server,
		ca: trusted(parts),
		principalOf: (id) => certificates.principalOf(id),
		isThing: (name) => registry.findThing(name) !== undefined,
		faults,
		cluster: options.cluster,
		clock,
	});
}

/** Whose certificates the ports take, PEM: those of the emulator's CA, and those that were registered without theirs. */
function trusted({ pki, certificates }: Parts): string[] {
	return [pki.ca, ...certificates.withoutCa()];
}

async function connectToBroker(
	{ url, ca, pair }: BrokerAddress,
	{ pki, faults, clock }: Parts,
	log: EmulatorOptions["log"] = () => undefined,
): Promise<RemoteBroker> {
	const own = pair ?? (await pki.service(SERVICE_NAME));
	return await RemoteBroker.connect({ url, ca: ca ?? pki.ca, pair: own, faults, clock, log });
}

/** What DescribeEndpoint says: devices speak MQTT on one port, HTTPS on the other. */
function endpointsOf(host: string, broker: ServiceBroker, dataPort: number): Record<string, string> {
	const [mqtt, data] = [`${broker.host}:${broker.port}`, `${host}:${dataPort}`];
	return { "iot:Data": mqtt, "iot:Data-ATS": mqtt, "iot:Jobs": data, "iot:CredentialProvider": data };
}
