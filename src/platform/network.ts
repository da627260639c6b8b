// The SDK's sockets, with TLS and names, as the clients of MQTT and HTTP take them.
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import Net from "net";
import "./tls-fence.js";
import type { Provider, Resolver, ResolverClass, SocketClass } from "../link/ecma419.js";
import { readCa, readCredentials } from "../storage/credentials.js";
import type { TwoVersions } from "../storage/two-versions.js";

/** Sockets of TLS that show the device's certificate. @param protocol what AWS tells apart on port 443 by (ALPN) */
export function mutual(
	host: string,
	port: number,
	protocol: string,
	trial: TwoVersions | undefined,
): Record<string, unknown> {
	const { certificate, privateKey } = readCredentials(trial);
	return {
		serverName: host,
		certificate: readCa(),
		clientCertificates: [certificate.buffer],
		clientKey: privateKey.buffer,
		...(port === 443 && { applicationLayerProtocolNegotiation: [protocol] }),
	};
}

/** The classes under a client. @param secure options of TLS */
export function sockets(secure: Record<string, unknown>) {
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
