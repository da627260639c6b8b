import { Agent } from "./agent/agent.js";
import type { AgentEvent } from "./agent/events.js";
import { makeApp } from "./app.js";
import { BlinkHandler } from "./example/blink.js";
import { mqttNetwork } from "./platform/network.js";

/** The app of `main.ts` with a handler of its own, and what happens in words of its own: a display's, say. */
export default function main(): void {
	const { config, credentials, options, join } = makeApp();
	const { host, port, startJitterMs, messageBytes, subscribeAnswers } = config;
	options.handlers.add(new BlinkHandler());
	const network = mqttNetwork(host, port, credentials);
	const onEvent = (event: AgentEvent) => trace(`example: ${inWords(event)}\n`);
	new Agent({ ...options, host, port, network, join, startJitterMs, messageBytes, subscribeAnswers, onEvent }).start();
}

function inWords(event: AgentEvent): string {
	switch (event.type) {
		case "claimed":
			return `works on ${event.jobId}`;
		case "reported":
			return `${event.jobId} is ${event.status}`;
		case "letGo":
			return `${event.jobId} was taken away: ${event.why}`;
		case "error":
			return `trouble: ${event.text}`;
		default:
			return event.type;
	}
}
