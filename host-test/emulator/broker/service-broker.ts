import type { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import type { ErrorCode } from "../../../src/protocol/messages.js";
import { THING_NAME } from "../base/names.js";

/** A message on its way between a client and the broker. */
export interface WireMessage {
	readonly from: "device" | "service";
	readonly thingName: string;
	readonly clientId: string;
	readonly topic: string;
	readonly payload: Buffer;
}

/** A request of a client to the Jobs service, or to the file streams. */
export interface ServiceRequest {
	readonly service: "jobs" | "streams";
	readonly topic: string;
	/** The thing of the topic: the client's own, unless its policy allows more. */
	readonly thingName: string;
	/** What follows `$aws/things/<thingName>/<service>/`. */
	readonly rest: string;
	readonly payload: Buffer;
	/** The request is to be answered with this error. */
	readonly fault: ErrorCode | undefined;
	/** Sends a message to the client that asked, and to no other. */
	readonly send: (topic: string, payload: Buffer) => void;
}

export interface BrokerEvents {
	connected: [thingName: string, clientId: string];
	disconnected: [thingName: string, clientId: string];
	request: [ServiceRequest];
	message: [WireMessage];
	/** A fault has asked for a restart. */
	restart: ["broker" | "service"];
	/** A line for the log, such as who was refused what, and why. */
	log: [string];
}

/** The broker as the Jobs service sees it: the embedded one (`Broker`), or an external one (`RemoteBroker`). */
export interface ServiceBroker extends EventEmitter<BrokerEvents> {
	readonly host: string;
	readonly port: number;
	/** Publishes to all subscribers. */
	publish(topic: string, payload: object): void;
	/** Takes over a connection of another port that speaks MQTT as well, after its TLS handshake. */
	accept(socket: TLSSocket): void;
	/** Cuts the connections of a thing, without a DISCONNECT, as a network failure would. */
	disconnect(thingName: string): void;
	/** Cuts the connections with a certificate, which may not connect any more. */
	refuse(certificateId: string): void;
	/** From now on certificates of these CAs, or these certificates themselves, are taken: PEM. */
	trust(ca: readonly string[]): void;
	restart(): Promise<void>;
	close(): Promise<void>;
}

const SERVICE_TOPIC = new RegExp(`^\\$aws/things/(${THING_NAME.source})/(jobs|streams)/(.+)$`);

/** @returns undefined for a topic that is not under a thing's `jobs/` or `streams/` */
export function readServiceTopic(topic: string): Pick<ServiceRequest, "thingName" | "service" | "rest"> | undefined {
	const [, thingName, service, rest] = SERVICE_TOPIC.exec(topic) ?? [];
	if (thingName === undefined || rest === undefined) return undefined;
	return { thingName, service: service as ServiceRequest["service"], rest };
}
