import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator, thing } from "../kit/operator.js";

const MINUTE_MS = 60_000;

describe("A change that cannot be kept", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	let isFull: boolean;
	const log: string[] = [];
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
		isFull = false;
		log.length = 0;
		// As the journal does when the disk is full.
		emulator.service.on("changed", () => {
			if (isFull) throw new Error("No space left on device");
		});
		emulator.broker.on("log", (line) => log.push(line));
	});
	afterEach(() => lab.clear());

	it("is answered with an error, and has not happened", async () => {
		await operator.createJob("first", [thing("alpha")]);
		emulator.clock.advance(1_000);
		await operator.createJob("second", [thing("alpha")]);
		const before = emulator.service.snapshot();
		isFull = true;
		const body = { targets: [thing("alpha")], document: "{}", tags: [{ Key: "a", Value: "b" }] };
		assert.equal((await operator.call("PUT", "/jobs/third", body)).status, 500);
		assert.equal((await operator.call("PUT", "/jobs/first/cancel")).status, 500);
		assert.equal((await operator.call("DELETE", "/jobs/first?force=true")).status, 500);
		const events = { eventConfigurations: { JOB: { Enabled: true } } };
		assert.equal((await operator.call("PATCH", "/event-configurations", events)).status, 500);
		assert.deepEqual(emulator.service.snapshot(), before);
		isFull = false;
		await operator.must("PUT", "/jobs/third", { ...body, tags: [] });
		assert.deepEqual(
			(await operator.must("GET", `/tags?resourceArn=${thing("alpha").replace(/thing.*/, "job/third")}`)).tags,
			[],
		);
	});

	it("leaves a thing out of the group whose jobs it could not get", async () => {
		await operator.group("g", []);
		await operator.createJob("rolling", [thing("alpha").replace("thing/alpha", "thinggroup/g")], {
			targetSelection: "CONTINUOUS",
		});
		isFull = true;
		const join = { thingGroupName: "g", thingName: "alpha" };
		assert.equal((await operator.call("PUT", "/thing-groups/addThingToThingGroup", join)).status, 500);
		assert.deepEqual(emulator.registry.membersOf("g", true), []);
		isFull = false;
		await operator.join("g", "alpha");
		assert.equal(emulator.service.execution("alpha", "rolling")?.status, "QUEUED");
	});

	it("does not end the process when a timer makes it, and is tried again", async () => {
		await operator.createJob("timed", [thing("alpha")], { timeoutConfig: { inProgressTimeoutInMinutes: 1 } });
		emulator.service.execute("alpha", { type: "startNext" });
		isFull = true;
		emulator.clock.advance(MINUTE_MS);
		assert.equal(emulator.service.execution("alpha", "timed")?.status, "IN_PROGRESS");
		assert.match(log.join("\n"), /the timer of thing\/alpha failed: Error: No space left/);
		isFull = false;
		emulator.clock.advance(MINUTE_MS);
		assert.equal(emulator.service.execution("alpha", "timed")?.status, "TIMED_OUT");
	});
});
