import type { HttpNetwork } from "./http.js";
import type { MqttNetwork } from "./mqtt.js";

/** How the Jobs service is reached: what both links need to know. `N` holds the network classes of the platform. */
export interface LinkOptions<N = unknown> {
	/** The device's name in AWS IoT. Over MQTT it is the client id as well. */
	readonly thingName: string;
	/**
	 * The endpoint: for MQTT the one that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names, for HTTPS that of
	 * `--endpoint-type iot:Jobs`.
	 */
	readonly host: string;
	/** For MQTT 8883, or 443 with the ALPN name in `network.tls`; for HTTPS 443. */
	readonly port: number;
	/** Called for each connection, with the device's certificate and key in `tls.secure`: they are in memory as long as TLS keeps them. */
	readonly network: () => N;
	/** For a device that has to join its network itself: Wi-Fi. Default: the network is there. */
	readonly join?: JoinNetwork | undefined;
	/** The first connection after the start waits a random time up to this. Default 5,000 ms. */
	readonly startJitterMs?: number | undefined;
	/** The largest message that is accepted, in bytes; a job whose document makes it larger is REJECTED. Default 4,096. */
	readonly messageBytes?: number | undefined;
}

export interface MqttLinkOptions extends LinkOptions<MqttNetwork> {
	/**
	 * Subscribes to the answers as well: for a broker that, other than AWS's, delivers to subscribers alone (`iot-jobs emulate
	 * --broker`). Default false.
	 */
	readonly subscribeAnswers?: boolean | undefined;
	/** 30,000..1,200,000 ms, AWS's bounds. Default 60,000. */
	readonly keepAliveMs?: number | undefined;
}

export interface HttpsLinkOptions extends LinkOptions<HttpNetwork> {
	/** Between two polls, unless the application sleeps: default 300,000 ms. */
	readonly pollMs?: number | undefined;
	/** The service has nothing to do, and all is reported: the device may sleep. */
	readonly onIdle?: (() => void) | undefined;
}

/** Brings the network up. `joined` is called once, when the network is there and the clock is set. */
export type JoinNetwork = (joined: () => void) => void;

export const DEFAULT_START_JITTER_MS = 5_000;
export const DEFAULT_MESSAGE_BYTES = 4_096;
export const DEFAULT_KEEP_ALIVE_MS = 60_000;
export const DEFAULT_POLL_MS = 300_000;
