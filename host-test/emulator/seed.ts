import { readNewJob } from "./api/create-job.js";
import { groupArn, thingArn } from "./base/arn.js";
import { readFaultObject } from "./faults/faults.js";
import type { Parts } from "./parts.js";
import type { Seed } from "./seed-file.js";

/** What exists already stays as it is. The things themselves exist. @throws ServiceError */
export function applySeed(seed: Seed | undefined, { registry, service, faults, clock, ...sources }: Parts): void {
	const { things = [], groups = [], jobs = [], faults: wrongs = [] } = seed ?? {};
	for (const { name, parent } of groups)
		if (!registry.hasGroup(name))
			registry.createGroup({ groupName: name, parent, description: undefined, attributes: {} });
	for (const thing of things) for (const group of thing.groups ?? []) registry.addToGroup(group, thing.name);
	for (const { jobId, things: names = [], groups: targetGroups = [], document, ...others } of jobs) {
		if (service.job(jobId) !== undefined) continue;
		const targets = [...names.map(thingArn), ...targetGroups.map(groupArn)];
		const body = { ...others, targets, document: JSON.stringify(document) };
		service.createJob(readNewJob(jobId, body, sources, clock.now()));
	}
	for (const fault of wrongs) faults.arm(readFaultObject({ ...fault }));
}
