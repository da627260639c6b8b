import assert from "node:assert/strict";
import { readSeed } from "../../emulator/seed-file.js";
import { Lab } from "../kit/lab.js";
import { group, Operator, thing } from "../kit/operator.js";

const SEED = {
	things: [{ name: "beta", groups: ["lamps"] }],
	groups: [{ name: "all" }, { name: "lamps", parent: "all" }],
	jobs: [{ jobId: "first", groups: ["all"], document: { operation: "reboot" } }],
	faults: [{ action: "lose", to: "device", times: 1 }],
} as const;

describe("What tests in any language ask of the emulator", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("/health says that it is ready", async () => {
		const operator = new Operator(await lab.emulator());
		assert.deepEqual((await operator.must("GET", "/health")).status, "ready");
	});

	it("faults are added, listed and removed by their ids", async () => {
		const operator = new Operator(await lab.emulator());
		const fault = { action: "error", topic: "control/GET /jobs/*", code: "InternalError", times: 2 };
		const { id } = await operator.must("POST", "/faults", fault);
		assert.equal((await operator.call("GET", "/jobs/any")).status, 503);
		assert.deepEqual((await operator.must("GET", "/faults")).faults, [{ id, ...fault, to: "service", struck: 1 }]);
		await operator.must("DELETE", `/faults/${id}`);
		assert.deepEqual((await operator.must("GET", "/faults")).faults, []);
		assert.equal((await operator.call("GET", "/jobs/any")).status, 404);
		assert.equal((await operator.call("DELETE", `/faults/${id}`)).status, 404);
		assert.match(String((await operator.call("POST", "/faults", { action: "melt" })).body.message), /there are lose/);
	});

	it("waits until a job and an execution have ended, or says that they have not", async () => {
		const emulator = await lab.emulator();
		const operator = new Operator(emulator);
		await operator.createJob("update", [thing("alpha")]);
		for (const path of ["/wait/jobs/update", "/wait/jobs/update/things/alpha"]) {
			const late = await operator.call("GET", `${path}?timeout=0`);
			assert.deepEqual([late.status, late.type], [408, "RequestTimeout"]);
		}
		const both = [operator.must("GET", "/wait/jobs/update"), operator.must("GET", "/wait/jobs/update/things/alpha")];
		const device = await lab.device(emulator);
		device.powerOn();
		const [{ job }, { execution }] = (await Promise.all(both)) as [
			{ job: { status: string } },
			{ execution: { status: string; thingName: string } },
		];
		assert.equal(job.status, "COMPLETED");
		assert.deepEqual([execution.status, execution.thingName], ["SUCCEEDED", "alpha"]);
		assert.equal((await operator.call("GET", "/wait/jobs/update?timeout=1000")).status, 400);
	});

	it("a seed is there at the start, and again after a reset; nothing else is", async () => {
		const emulator = await lab.emulator({ things: ["alpha", "beta"], seed: readSeed(JSON.stringify(SEED)) });
		const operator = new Operator(emulator);
		const state = async () => {
			const { things } = (await operator.must("GET", "/things")) as { things: { thingName: string }[] };
			return {
				things: things.map(({ thingName }) => thingName).sort(),
				groups: emulator.registry.groups().map(({ groupName, things }) => [groupName, ...things]),
				jobs: emulator.service.jobs().map(({ jobId, members }) => [jobId, ...members]),
				faults: emulator.faults.list().map(({ action, struck }) => [action, struck]),
			};
		};
		const before = await state();
		assert.deepEqual(before.jobs, [["first", "beta"]]);
		assert.deepEqual(before.groups, [["all"], ["lamps", "beta"]]);
		await operator.must("POST", "/things/gamma", {});
		await operator.group("more", ["alpha", "gamma"], "lamps");
		await operator.createJob("second", [thing("alpha"), group("more")]);
		await operator.must("POST", "/faults", { action: "cut" });
		await operator.must("POST", "/reset");
		assert.deepEqual(await state(), before);
	});

	it("a seed that is none is refused in one sentence", () => {
		for (const [text, problem] of [
			["[]", /an object with things, groups, jobs, faults/],
			['{"thing": []}', /"thing": there are/],
			['{"things": ["lamp"]}', /a list of objects/],
			['{"groups": [{}]}', /each with its "name"/],
			['{"faults": [{"action": "melt"}]}', /unknown fault "melt"/],
		] as const)
			assert.throws(() => readSeed(text), problem);
	});
});
