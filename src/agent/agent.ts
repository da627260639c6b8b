import { type Network, Session } from "../transport/session.js";
import { Engine } from "./engine.js";
import type { GatedStep, HandlerRegistry } from "./handler.js";
import type { SlotStorage } from "./record-store.js";
import { Topics } from "./topics.js";

export interface AgentOptions {
	/** The device's name in AWS IoT: the certificate must belong to it. It is the MQTT client id as well. */
	readonly thingName: string;
	/** The endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names. */
	readonly host: string;
	/** 8883, or 443 with the ALPN name in `network.tls`. */
	readonly port: number;
	readonly network: Network;
	readonly storage: SlotStorage;
	readonly handlers: HandlerRegistry;
	/** Resets the device. */
	readonly restart: () => void;
	readonly resetReason: string;
	/** The largest message that is accepted, in bytes; a job whose document makes it larger is REJECTED. Default 4,096. */
	readonly messageBytes?: number;
	/** The first connection after the start waits a random time up to this. Default 5,000 ms. */
	readonly startJitterMs?: number;
	/** 30,000..1,200,000 ms, AWS's bounds. Default 60,000. */
	readonly keepAliveMs?: number;
	/** Resets without a checkpoint after which a job ends FAILED with `tooManyResets`. Default 10. */
	readonly maxBoots?: number;
	/** Lets the application defer a step: call `proceed` when it is safe. Default: at once. */
	readonly gate?: (step: GatedStep, proceed: () => void) => void;
	readonly log?: (text: string) => void;
}

/** The agent: a connection, and the engine that drives executions over it. */
export class Agent {
	readonly #engine: Engine;
	readonly #session: Session;

	constructor(options: AgentOptions) {
		const log = options.log ?? ((text: string) => trace(`${text}\n`));
		this.#engine = new Engine({ ...options, log });
		this.#session = new Session({
			network: options.network,
			host: options.host,
			port: options.port,
			clientId: options.thingName,
			topic: new Topics(options.thingName).notifyNext,
			bufferBytes: options.messageBytes ?? 4_096,
			startJitterMs: options.startJitterMs ?? 5_000,
			keepAliveMs: options.keepAliveMs ?? 60_000,
			onOnline: (link) => this.#engine.online(link),
			onOffline: () => this.#engine.offline(),
			onMessage: (topic, payload) => this.#engine.receive(topic, payload),
			log,
		});
	}

	/** Reads the execution record, then connects. */
	start(): void {
		this.#engine.start();
		this.#session.start();
	}
}
