import assert from "node:assert/strict";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

describe("Things, groups and policies", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
		await operator.must("POST", "/things/lamp", { attributePayload: { attributes: { room: "hall", floor: "2" } } });
		await operator.must("POST", "/thing-groups/lamps", { thingGroupProperties: { thingGroupDescription: "all" } });
	});
	afterEach(() => lab.clear());

	const attributes = async () => (await operator.must("GET", "/things/lamp")).attributes;
	const certificateArn = (id: string) => `arn:aws:iot:us-east-1:123456789012:cert/${id}`;

	it("an empty attribute value removes the attribute, merged or not", async () => {
		const update = (attributePayload?: object) => operator.must("PATCH", "/things/lamp", { attributePayload });
		await update({ attributes: { room: "", colour: "red" }, merge: true });
		assert.deepEqual(await attributes(), { floor: "2", colour: "red" });
		await update();
		assert.deepEqual(await attributes(), { floor: "2", colour: "red" });
		await update({ attributes: { colour: "", floor: "3" } });
		assert.deepEqual(await attributes(), { floor: "3" });
	});

	for (const [what, method, path, body] of [
		["UpdateThing", "PATCH", "/things/lamp", (expectedVersion: number) => ({ expectedVersion })],
		["DeleteThing", "DELETE", "/things/lamp", undefined],
		["UpdateThingGroup", "PATCH", "/thing-groups/lamps", (expectedVersion: number) => ({ expectedVersion })],
		["DeleteThingGroup", "DELETE", "/thing-groups/lamps", undefined],
	] as const) {
		it(`${what} with another expectedVersion: VersionConflict, no change`, async () => {
			const ask = (version: number) =>
				body === undefined
					? operator.call(method, `${path}?expectedVersion=${version}`)
					: operator.call(method, path, body(version));
			const { status, type } = await ask(7);
			assert.deepEqual([status, type], [409, "VersionConflictException"]);
			assert.equal((await operator.must("GET", path)).version, 1);
			assert.equal((await ask(1)).status, 200);
		});
	}

	it("UpdateThingGroup changes what it names, and tells the new version", async () => {
		const update = (thingGroupProperties: object) =>
			operator.must("PATCH", "/thing-groups/lamps", { thingGroupProperties });
		assert.deepEqual(await update({ attributePayload: { attributes: { a: "b" } } }), { version: 2 });
		assert.deepEqual(await update({ thingGroupDescription: "more" }), { version: 3 });
		const { version, thingGroupProperties } = await operator.must("GET", "/thing-groups/lamps");
		const expected = { thingGroupDescription: "more", attributePayload: { attributes: { a: "b" } } };
		assert.deepEqual([version, thingGroupProperties], [3, expected]);
		assert.equal((await operator.call("PATCH", "/thing-groups/none", {})).status, 404);
	});

	it("a thing with a certificate attached cannot be deleted", async () => {
		const { certificateId } = await operator.newCertificate("lamp");
		const { status, type } = await operator.call("DELETE", "/things/lamp");
		assert.deepEqual([status, type], [400, "InvalidRequestException"]);
		await operator.must("GET", "/things/lamp");
		const principal = { "x-amzn-principal": certificateArn(certificateId) };
		await operator.must("DELETE", "/things/lamp/principals", undefined, principal);
		await operator.must("DELETE", "/things/lamp");
	});

	it("ListTargetsForPolicy: the certificates that have it, in pages", async () => {
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await operator.must("POST", "/policies/own", { policyDocument });
		const targets: string[] = [];
		for (const thing of ["alpha", "lamp"]) {
			targets.push(certificateArn((await operator.newCertificate(thing)).certificateId));
			await operator.must("PUT", "/target-policies/own", { target: targets.at(-1) });
		}
		targets.sort(); // they are of one moment
		const { targets: first, nextMarker } = await operator.must("POST", "/policy-targets/own?pageSize=1");
		assert.deepEqual(first, targets.slice(0, 1));
		const rest = await operator.must("POST", `/policy-targets/own?marker=${nextMarker}`);
		assert.deepEqual(rest.targets, targets.slice(1));
		assert.equal((await operator.call("POST", "/policy-targets/none")).status, 404);
	});
});
