import type { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import type { ErrorCode } from "../../../src/protocol/messages.js";

/** A message on its way between a client and the broker. */
export interface WireMessage {
	readonly from: "device" | "service";
	readonly thingName: string;
	readonly clientId: string;
	readonly topic: string;
	readonly payload: Buffer;
}

/** What a client asked of the Jobs service, or of the file streams. */
export interface ServiceRequest {
	readonly service: "jobs" | "streams";
	readonly topic: string;
	/** The thing of the topic: the client's own, unless its policy allows more. */
	readonly thingName: string;
	/** What follows `$aws/things/<thingName>/<service>/`. */
	readonly rest: string;
	readonly payload: Buffer;
	/** The request has to be answered with this error. */
	readonly fault: ErrorCode | undefined;
	/** Sends a message to the client that asked. */
	readonly send: (topic: string, payload: Buffer) => void;
}

export interface BrokerEvents {
	connected: [thingName: string, clientId: string];
	disconnected: [thingName: string, clientId: string];
	request: [ServiceRequest];
	message: [WireMessage];
	/** A fault asks for it. */
	restart: ["broker" | "service"];
	/** A line for the log: who was refused what, and why. */
	log: [string];
}

/** What the Jobs service needs of a broker: the embedded one (`Broker`), or one that runs elsewhere (`RemoteBroker`). */
export interface ServiceBroker extends EventEmitter<BrokerEvents> {
	readonly host: string;
	readonly port: number;
	/** Publishes for whoever subscribed. */
	publish(topic: string, payload: object): void;
	/** Takes over a connection of another port that speaks MQTT as well, its TLS handshake done. */
	accept(socket: TLSSocket): void;
	/** Ends the connections of a thing, as a network would: without a word. */
	disconnect(thingName: string): void;
	restart(): Promise<void>;
	close(): Promise<void>;
}

const SERVICE_TOPIC = /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/(jobs|streams)\/(.+)$/;

/** @returns undefined for a topic that is not under a thing's `jobs/` or `streams/` */
export function readServiceTopic(topic: string): Pick<ServiceRequest, "thingName" | "service" | "rest"> | undefined {
	const [, thingName, service, rest] = SERVICE_TOPIC.exec(topic) ?? [];
	if (thingName === undefined || rest === undefined) return undefined;
	return { thingName, service: service as ServiceRequest["service"], rest };
}
