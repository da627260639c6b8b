import { join } from "node:path";
import { type Clock, realClock } from "../clock.js";
import { ImageServer } from "./api/image-server.js";
import { privateFolder } from "./base/private-files.js";
import { Faults } from "./faults/faults.js";
import { Pki } from "./identity/pki.js";
import { DEVICE_POLICY, type Policy } from "./identity/policy.js";
import type { PairFiles } from "./identity/thing-files.js";
import { JobsService } from "./jobs/service.js";
import type { EmulatorOptions } from "./options.js";
import { Certificates } from "./registry/certificates.js";
import { GroupPolicies } from "./registry/group-policies.js";
import { Objects } from "./registry/objects.js";
import { Policies } from "./registry/policies.js";
import { PolicyTargets } from "./registry/policy-targets.js";
import { Streams } from "./registry/streams.js";
import { Tags } from "./registry/tags.js";
import { Templates } from "./registry/templates.js";
import { Registry } from "./registry/things.js";
import { Store } from "./store/store.js";

/** What an emulator is made of, but for its servers. */
export interface Parts {
	readonly clock: Clock;
	/** Undefined where the state ends with the process. */
	readonly store: Store | undefined;
	readonly pki: Pki;
	readonly faults: Faults;
	readonly registry: Registry;
	readonly policies: Policies;
	readonly certificates: Certificates;
	readonly policyTargets: PolicyTargets;
	readonly templates: Templates;
	readonly objects: Objects;
	readonly streams: Streams;
	readonly tags: Tags;
	readonly images: ImageServer;
	readonly service: JobsService;
}

/** Makes the parts, with what the directory has kept of them. Nothing knows of anything else yet: see `wire`. */
export async function makeParts(options: EmulatorOptions): Promise<Parts> {
	const { directory, clock = realClock, imageBytesPerSecond: bytesPerSecond } = options;
	const imageDirectory = join(directory, "images");
	privateFolder(imageDirectory);
	const pki = await Pki.open(directory);
	const store = options.persistent ? new Store(join(directory, "state")) : undefined;
	const registry = new Registry(clock, store);
	const policies = new Policies(clock, store);
	const groupPolicies = new GroupPolicies(registry, policies, store);
	const certificates = new Certificates({ pki, registry, policies, groupPolicies, store, clock });
	const objects = new Objects(imageDirectory);
	const images = new ImageServer({ directory: imageDirectory, bytesPerSecond, clock });
	return {
		clock,
		store,
		pki,
		faults: new Faults(),
		registry,
		policies,
		certificates,
		policyTargets: new PolicyTargets(policies, certificates, groupPolicies),
		templates: new Templates(store),
		objects,
		streams: new Streams(objects, store),
		tags: new Tags(store),
		images,
		service: new JobsService({
			clock,
			groupsOf: (thingName) => registry.allGroupsOf(thingName),
			membersOf: (group) => (registry.hasGroup(group) ? registry.membersOf(group, true) : undefined),
			presign: (url, expiresInSec) => images.presign(url, expiresInSec),
		}),
	};
}

/** Creates the things that were named at the start, each with a certificate. @returns the files of their keys */
export async function createThings(
	{ things, policies = {} }: EmulatorOptions,
	parts: Parts,
): Promise<Record<string, PairFiles>> {
	const filesOf = new Map<string, PairFiles>();
	for (const thingName of things) {
		// A thing may have the name of a property that every object has.
		const policy = Object.hasOwn(policies, thingName) ? policies[thingName] : undefined;
		filesOf.set(thingName, await createThing(parts, thingName, policy));
	}
	return Object.fromEntries(filesOf);
}

/** A thing that may exist already, and its certificate. @returns the files of its key */
export async function createThing(
	{ pki, certificates, registry }: Parts,
	thingName: string,
	policy: Policy = DEVICE_POLICY,
): Promise<PairFiles> {
	const { certificate, files } = await pki.thing(thingName);
	const isNew = registry.findThing(thingName) === undefined;
	if (isNew) registry.createThing(thingName);
	certificates.give(certificate, thingName, policy, isNew);
	return files;
}
