import Resource from "Resource";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import Resolver from "embedded:network/dns/resolver/udp";
import HTTPClient from "embedded:network/http/client";
import MQTTClient from "embedded:network/mqtt/client";
import type { HttpNetwork } from "../transport/download.js";
import type { Provider, ResolverClass, SocketClass } from "../transport/ecma419.js";
import type { Network } from "../transport/session.js";

/** On port 443 AWS tells MQTT from HTTPS by these names. */
const MQTT_ALPN = "x-amzn-mqtt-ca";
const HTTP_ALPN = "x-amzn-http-ca";

/** The names under which the manifest flashes the credentials: DER, the key as PKCS#8, RSA. */
const CA = "ca.der";
const CERTIFICATE = "certificate.der";
const PRIVATE_KEY = "private-key.der";

/** The platform's network classes with this device's credentials, for MQTT over mutual TLS. */
export function mqttNetwork(host: string, port: number): Network {
	return { mqtt: { io: MQTTClient } as unknown as Network["mqtt"], ...sockets(mutual(host, port, MQTT_ALPN)) };
}

/** The same for fetching images over HTTPS: the server must be known to the CA, the device shows no certificate. */
export function httpNetwork(): HttpNetwork {
	return { http: { io: HTTPClient } as unknown as HttpNetwork["http"], ...sockets({ certificate: read(CA) }) };
}

/** For the Jobs service over HTTPS, where the device shows its certificate. */
export function dataPlaneNetwork(host: string, port: number): HttpNetwork {
	return { http: { io: HTTPClient } as unknown as HttpNetwork["http"], ...sockets(mutual(host, port, HTTP_ALPN)) };
}

function mutual(host: string, port: number, protocol: string): Record<string, unknown> {
	return {
		serverName: host,
		certificate: read(CA),
		clientCertificates: [read(CERTIFICATE)],
		clientKey: read(PRIVATE_KEY),
		...(port === 443 && { applicationLayerProtocolNegotiation: [protocol] }),
	};
}

function sockets(secure: Record<string, unknown>) {
	return {
		dns: { io: Resolver as unknown as ResolverClass } satisfies Provider<ResolverClass>,
		tls: { io: TLSSocket as unknown as SocketClass, secure } satisfies Provider<SocketClass>,
		tcp: { io: TCP as unknown as SocketClass } satisfies Provider<SocketClass>,
	};
}

function read(name: string): ArrayBuffer {
	return new Resource(name).slice(0);
}
