import type { AgentEvent } from "iot-jobs/agent/events";
import { makeApp } from "iot-jobs/app/app";
import { EVERYTHING } from "iot-jobs/app/everything";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { mqttNetwork } from "iot-jobs/platform/mqtt-network";
import { BlinkHandler } from "./blink.js";

/** `src/app/main.ts` with a handler of its own; and it tells what happens in words of its own, as for a display. */
export default function main(): void {
	const onEvent = (event: AgentEvent) => trace(`example: ${inWords(event)}\n`);
	const app = makeApp(mqttNetwork, EVERYTHING, { onEvent });
	app.handlers.add(new BlinkHandler());
	new MqttAgent(app).start();
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
