import { jobArn } from "./base/arn.js";
import type { EmulatorOptions } from "./options.js";
import { createThings, type Parts } from "./parts.js";
import { applySeed } from "./seed.js";

/**
 * Back to what was there at the start: the things that were named, and the seed. Certificates, policies and images stay, and so do
 * connections of things that stay.
 */
export async function reset(options: EmulatorOptions, parts: Parts): Promise<void> {
	const { service, registry, faults, templates, streams, tags } = parts;
	faults.clear();
	for (const { jobId } of service.jobs()) {
		service.deleteJob(jobId, true);
		tags.remove(jobArn(jobId));
	}
	removeGroups(parts);
	const named = new Set(options.things);
	for (const { thingName } of registry.things()) if (!named.has(thingName)) registry.deleteThing(thingName);
	for (const { jobTemplateId } of templates.list()) templates.delete(jobTemplateId);
	for (const { streamId } of streams.list()) streams.delete(streamId);
	service.configureEvents({ JOB: false, JOB_EXECUTION: false });
	await createThings(options, parts);
	applySeed(options.seed, parts);
}

/** A group is deleted before the one above it. */
function removeGroups({ registry }: Parts): void {
	const depth = (groupName: string) => registry.ancestors(groupName).length;
	const names = registry.groups().map(({ groupName }) => groupName);
	for (const name of names.toSorted((a, b) => depth(b) - depth(a))) registry.deleteGroup(name);
}
