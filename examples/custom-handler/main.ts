import type { AgentEvent } from "iot-jobs/agent/events";
import { makeApp } from "iot-jobs/app/app";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { mqttNetwork } from "iot-jobs/platform/network";
import { BlinkHandler } from "./blink.js";

/** The app of `main.ts` with a handler of its own, and what happens in words of its own: a display's, say. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, subscribeAnswers } = config;
	options.handlers.add(new BlinkHandler());
	const network = mqttNetwork(host, port, credentials);
	const onEvent = (event: AgentEvent) => trace(`example: ${inWords(event)}\n`);
	new MqttAgent({
		...options,
		host,
		port,
		network,
		join,
		startJitterMs,
		messageBytes,
		subscribeAnswers,
		onEvent,
	}).start();
}

function inWords(event: AgentEvent): string {
	switch (event.type) {
		case "claimed":
			return `works on ${event.jobId}`;
		case "reported":
			return `${event.jobId} is ${event.status}`;
		case "released":
			return `${event.jobId} was taken away: ${event.why}`;
		case "error":
			return `trouble: ${event.text}`;
		default:
			return event.type;
	}
}
