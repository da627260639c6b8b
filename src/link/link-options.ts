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
	/** With the device's certificate and key in `tls.secure`. */
	readonly network: N;
	/** For a device that has to join its network itself: Wi-Fi. Default: the network is there. */
	readonly join?: JoinNetwork | undefined;
	/** The first connection after the start waits a random time up to this. Default 5,000 ms. */
	readonly startJitterMs?: number | undefined;
	/** The largest message that is accepted, in bytes; a job whose document makes it larger is REJECTED. Default 4,096. */
	readonly messageBytes?: number | undefined;
}

/** Brings the network up. `joined` is called once, when the network is there and the clock is set. */
export type JoinNetwork = (joined: () => void) => void;

export const DEFAULT_START_JITTER_MS = 5_000;
export const DEFAULT_MESSAGE_BYTES = 4_096;
