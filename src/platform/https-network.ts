// The SDK's HTTP client over TLS, as the link and downloads take it. For the app.
import HTTPClient from "embedded:network/http/client";
import type { HttpNetwork } from "../link/http.js";
import { readCa } from "../storage/credentials.js";
import type { TwoVersions } from "../storage/two-versions.js";
import { mutual, sockets } from "./network.js";

/** On port 443 AWS tells HTTPS from MQTT by this name. */
const ALPN = "x-amzn-http-ca";

/** For fetching files: the server must be known to the CA, the device shows no certificate. */
export function httpNetwork(): HttpNetwork {
	return { http: { io: HTTPClient } as unknown as HttpNetwork["http"], ...sockets({ certificate: readCa() }) };
}

/**
 * For the Jobs service over HTTPS, where the device shows its certificate.
 *
 * @param trial where a `rotate-certificate` job puts other credentials
 */
export function httpsLinkNetwork(host: string, port: number, trial?: TwoVersions): HttpNetwork {
	return {
		http: { io: HTTPClient } as unknown as HttpNetwork["http"],
		...sockets(mutual(host, port, ALPN, trial)),
	};
}
