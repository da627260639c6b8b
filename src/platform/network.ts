// The SDK's network classes, as the links and downloads take them. For the app.
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import HTTPClient from "embedded:network/http/client";
import MQTTClient from "embedded:network/mqtt/client";
import Net from "net";
import "./tls-fence.js";
import type { Provider, Resolver, ResolverClass, SocketClass } from "../link/ecma419.js";
import type { HttpNetwork } from "../link/http.js";
import type { MqttNetwork } from "../link/mqtt.js";
import { readCa, readCredentials } from "../storage/credentials.js";
import type { TwoVersions } from "../storage/two-versions.js";

/** On port 443 AWS tells MQTT from HTTPS by these names. */
const MQTT_ALPN = "x-amzn-mqtt-ca";
const HTTP_ALPN = "x-amzn-http-ca";

/**
 * The platform's network classes with this device's credentials, for MQTT over mutual TLS.
 *
 * @param trial where a `rotate-certificate` job puts others
 */
export function mqttNetwork(host: string, port: number, trial?: TwoVersions): MqttNetwork {
	return {
		mqtt: { io: MQTTClient } as unknown as MqttNetwork["mqtt"],
		...sockets(mutual(host, port, MQTT_ALPN, trial)),
	};
}

/** The same for fetching images over HTTPS: the server must be known to the CA, the device shows no certificate. */
export function httpNetwork(): HttpNetwork {
	return { http: { io: HTTPClient } as unknown as HttpNetwork["http"], ...sockets({ certificate: readCa() }) };
}

/** For the Jobs service over HTTPS, where the device shows its certificate. */
export function httpsLinkNetwork(host: string, port: number, trial?: TwoVersions): HttpNetwork {
	return {
		http: { io: HTTPClient } as unknown as HttpNetwork["http"],
		...sockets(mutual(host, port, HTTP_ALPN, trial)),
	};
}

/** The SDK's TLS makes a view of the key, which copies what is a view already; its parser wants one of the CA (ber.js). */
function mutual(host: string, port: number, protocol: string, trial: TwoVersions | undefined): Record<string, unknown> {
	const { certificate, privateKey } = readCredentials(trial);
	return {
		serverName: host,
		certificate: readCa(),
		clientCertificates: [certificate.buffer],
		clientKey: privateKey.buffer,
		...(port === 443 && { applicationLayerProtocolNegotiation: [protocol] }),
	};
}

function sockets(secure: Record<string, unknown>) {
	return {
		dns: { io: NetResolver } satisfies Provider<ResolverClass>,
		tls: { io: TLSSocket as unknown as SocketClass, secure } satisfies Provider<SocketClass>,
		tcp: { io: TCP as unknown as SocketClass } satisfies Provider<SocketClass>,
	};
}

/**
 * Names by lwIP, with the name servers that the network tells (DHCP). Not the SDK's resolver over UDP (examples/io/udp/dns): two answers
 * in one delivery end the machine, and so does a packet that is malformed.
 */
class NetResolver implements Resolver {
	resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]): void {
		Net.resolve(host, (name, address) => (address === undefined ? onError() : onResolved(name, address)));
	}
}
