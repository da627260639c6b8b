import type { Clock } from "../clock.js";
import type { AccessKey } from "./api/signature.js";
import type { ClusterBackend } from "./broker/cluster.js";
import type { Pair } from "./identity/pki.js";
import type { Policy } from "./identity/policy.js";
import type { PairFiles } from "./identity/thing-files.js";
import type { Seed } from "./seed-file.js";

/** What whoever starts an emulator may say. */
export interface EmulatorOptions {
	/** Where keys, certificates and images are; made on first use. */
	readonly directory: string;
	readonly things: readonly string[];
	/** The address to listen on. Default 127.0.0.1. */
	readonly host?: string;
	/** More host names of this machine: in the server's certificate, and taken by the control plane. */
	readonly names?: readonly string[] | undefined;
	/** Default 0, for any free port. */
	readonly mqttPort?: number;
	/** Default 0. */
	readonly dataPort?: number;
	/** Default 0. */
	readonly controlPort?: number;
	/** Slows the downloads of images down to this rate. */
	readonly imageBytesPerSecond?: number;
	/** What a thing's certificate may do, by the thing's name. Default: what a device needs, `DEVICE_POLICY`. */
	readonly policies?: Readonly<Record<string, Policy>>;
	/** Keeps the state in the directory: the next emulator there goes on from it. Default: the state ends with the process. */
	readonly persistent?: boolean;
	/** Whose signature the control plane demands. Default: any credentials are accepted. */
	readonly accessKey?: AccessKey | undefined;
	/** What is there besides the things, at the start and after a reset. */
	readonly seed?: Seed | undefined;
	/** A broker that runs elsewhere, in place of the embedded one. */
	readonly broker?: BrokerAddress | undefined;
	/** What the embedded broker shares with others: see `iot-jobs broker`. */
	readonly cluster?: ClusterBackend | undefined;
	/** Is told what happens before `start` has ended. */
	readonly log?: ((line: string) => void) | undefined;
	/** Time for the service and the broker. */
	readonly clock?: Clock;
}

export interface BrokerAddress {
	/** `mqtts://` or `mqtt://`, with a user and a password if the broker asks for them. */
	readonly url: URL;
	/** PEM. Default: the emulator's own CA. */
	readonly ca?: string | undefined;
	/** The service's certificate and key. Default: a certificate of the emulator's CA for `SERVICE_NAME`. */
	readonly pair?: Pair | undefined;
}

/** Where everything is: the first line of `iot-jobs emulate --json`. The CA and the things' keys are paths of PEM files. */
export interface EmulatorAddresses {
	readonly mqtt: { readonly host: string; readonly port: number };
	readonly data: { readonly url: string };
	readonly control: { readonly url: string };
	readonly ca: string;
	readonly things: Readonly<Record<string, PairFiles>>;
}
