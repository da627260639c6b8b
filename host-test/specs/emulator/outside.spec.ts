import assert from "node:assert/strict";
import { OPERATIONS } from "../../emulator/api/operations.js";
import { OUTSIDE, OUTSIDE_DATA } from "../../emulator/api/outside.js";
import { ask } from "../kit/https-request.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

describe("What the emulator has not", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	before(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
	});
	after(() => lab.clear());

	for (const [subject, operations] of Object.entries({ ...OUTSIDE, ...OUTSIDE_DATA })) {
		it(`${subject}: each operation says so`, async () => {
			for (const operation of operations) {
				const [name, method = "", path = ""] = operation.split(" ");
				const asked = path.replace(/\{\w+\}|\*/g, "alpha");
				const { status, type, body } = await new Operator(emulator).call(
					method,
					asked,
					method === "GET" ? undefined : {},
				);
				const told = [status, type, body.message];
				assert.deepEqual(told, [501, "NotImplementedException", `${name}: the emulator has no ${subject}`]);
			}
		});
	}

	it("a device is told so as well, over HTTPS", async () => {
		const ca = Buffer.from(emulator.ca);
		const { status, body } = await ask(emulator.addresses.data.url, { path: "/things/alpha/shadow", ca });
		assert.deepEqual([status, body.message], [501, "GetThingShadow: the emulator has no shadows"]);
	});

	for (const [name, { route, refused }] of Object.entries(OPERATIONS)) {
		if (refused === undefined) continue;
		it(`${name} refuses ${refused}`, async () => {
			const [method = "", path = ""] = route.split(" ");
			for (const member of refused.split(" ")) {
				const hasBody = method !== "GET" && method !== "DELETE";
				const asked = path.replace(/\{\w+\}/g, "new") + (hasBody ? "" : `?${member}=x`);
				const { status, body } = await new Operator(emulator).call(
					method,
					asked,
					hasBody ? { [member]: "x" } : undefined,
				);
				assert.deepEqual([status, body.message], [400, `${member}: not emulated`]);
			}
		});
	}
});
