import { JobsMqtt } from "./api/jobs-mqtt.js";
import { StreamsMqtt } from "./api/streams-mqtt.js";
import type { ServiceBroker } from "./broker/service-broker.js";
import type { Parts } from "./parts.js";
import { Journal } from "./store/journal.js";

/**
 * Lets the parts of an emulator know of each other: who hears of what, in one place. When all of them listen, the service
 * goes on from the state that was kept.
 */
export function wire(parts: Parts, broker: ServiceBroker): void {
	wireThings(parts);
	wireBroker(parts, broker);
	const { store, registry, service } = parts;
	if (store === undefined) return;
	const journal = new Journal(store);
	service.on("changed", (changes) => journal.keep(changes));
	service.resume(journal.load(registry.things().map(({ thingName }) => thingName)));
}

/** The service has jobs of things that the registry has. */
function wireThings({ registry, service }: Parts): void {
	for (const { thingName } of registry.things()) service.addThing(thingName);
	registry.on("added", (thingName) => service.addThing(thingName));
	registry.on("removed", (thingName) => service.removeThing(thingName));
	registry.on("regrouped", (...change) => service.regroup(...change));
}

/** Requests come through the broker; notifications and events go out through it; faults may start it again. */
function wireBroker({ service, streams, faults, certificates }: Parts, broker: ServiceBroker): void {
	const jobsMqtt = new JobsMqtt(service);
	const streamsMqtt = new StreamsMqtt(streams);
	broker.on("request", (request) => (request.service === "jobs" ? jobsMqtt : streamsMqtt).receive(request));
	service.on("notice", (thingName, name, payload) =>
		broker.publish(`$aws/things/${thingName}/jobs/${name}`, jobsMqtt.notice(name, payload)),
	);
	service.on("event", ({ topic, payload }) => broker.publish(topic, payload));
	service.on("log", (line) => broker.emit("log", line));
	certificates.on("refused", (id) => broker.refuse(id));
	faults.on("struck", (line) => broker.emit("log", line));
	broker.on("restart", (what) => {
		if (what === "service") service.restart();
		else broker.restart().catch((error) => broker.emit("log", `the broker did not come back: ${error.message}`));
	});
}
