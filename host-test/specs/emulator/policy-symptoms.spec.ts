import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Policy, readPolicy } from "../../emulator/identity/policy.js";
import { POLICY_SYMPTOMS } from "../../emulator/identity/policy-symptoms.js";
import { ended } from "../kit/executions.js";
import { publishStream } from "../kit/images.js";
import { Lab, turns } from "../kit/lab.js";

function policy(...statements: Policy["Statement"]): Policy {
	return { Version: "2012-10-17", Statement: statements };
}

function allow(action: string | string[], ...resources: string[]): Policy["Statement"][number] {
	return {
		Effect: "Allow",
		Action: action,
		Resource: resources.map((resource) => `arn:aws:iot:eu-west-1:1:${resource}`),
	};
}

describe("A device whose policy lacks a statement", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	const jobs = POLICY_SYMPTOMS.filter(({ resource }) => !resource.includes("/streams/"));
	for (const { action, resource, console } of jobs) {
		it(`without ${action}: shows what the table of symptoms says`, async () => {
			const others = jobs.filter((other) => other.action !== action);
			const own = (text: string) => text.replace("NAME", "alpha");
			const statements = others.map((other) => allow(other.action, own(other.resource)));
			const emulator = await lab.emulator({ policies: { alpha: policy(...statements) } });
			const log: string[] = [];
			emulator.broker.on("log", (line) => log.push(line));
			const device = await lab.device(emulator);
			device.powerOn();
			const first = action === "iot:Receive" ? /nothing is pending/ : /connection given up/;
			await device.said(first);
			assert.match(device.lines.join("\n"), console);
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "dance" } });
			await turns(50);
			assert.equal(emulator.service.execution("alpha", "job")?.status, "QUEUED");
			const refused = log.find((line) => line.includes(`action ${action}`)) ?? "";
			assert.ok(refused.includes(own(resource).replace("/*", "")), log.join("\n"));
			assert.equal(device.aborts, 0);
		});
	}

	for (const withUrl of [true, false]) {
		it(`without iot:Publish on streams: needs ${withUrl ? "and takes the URL" : "a URL, or FAILED"}`, async () => {
			const [row] = POLICY_SYMPTOMS.filter((one) => !jobs.includes(one));
			const statements = jobs.map((one) => allow(one.action, one.resource.replace("NAME", "alpha")));
			const emulator = await lab.emulator({ policies: { alpha: policy(...statements) } });
			const { document } = publishStream(emulator);
			if (!withUrl) delete document.url;
			const device = await lab.device(emulator);
			emulator.service.createJob({ jobId: "job", targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails } = await ended(emulator, "job");
			if (withUrl) assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			else assert.deepEqual([status, statusDetails?.reason], ["FAILED", "downloadFailed"]);
			assert.match(device.lines.join("\n"), row?.console ?? /^$/);
		});
	}

	it("policies/device.json has these statements, and no others", () => {
		const file = readFileSync(new URL("../../policies/device.json", import.meta.url), "utf8");
		// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS's variable
		const variable = "${iot:Connection.Thing.ThingName}";
		const own = (resource: string) => `arn:aws:iot:*:*:${resource.replace("NAME", variable)}`;
		assert.deepEqual(
			readPolicy(file).Statement,
			POLICY_SYMPTOMS.map(({ action, resource }) => ({ Effect: "Allow", Action: action, Resource: own(resource) })),
		);
	});

	it("with all of the statements: does its job", async () => {
		const own = (text: string) => text.replace("NAME", "alpha");
		const statements = POLICY_SYMPTOMS.map(({ action, resource }) => allow(action, own(resource)));
		const emulator = await lab.emulator({ policies: { alpha: policy(...statements) } });
		const device = await lab.device(emulator);
		device.powerOn();
		await device.said(/nothing is pending/);
		emulator.service.createJob({ jobId: "job", targets: ["alpha"], document: { operation: "reboot" } });
		assert.equal((await ended(emulator, "job")).status, "SUCCEEDED");
	});
});
