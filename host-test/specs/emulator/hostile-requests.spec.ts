import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { type Answer, group, Operator, thing } from "../kit/operator.js";

/** What nobody expects in place of a member's value. */
const HOSTILE: readonly unknown[] = [
	...[null, true, -1, 1e308, "", "..", "constructor", "__proto__", "\u0000", "https://x/%00", "x".repeat(5_000)],
	...[[], [null], [[]], ["constructor"], {}, { toString: 1 }, { constructor: null }, { JOB: null }],
	JSON.parse('{"__proto__": {"Enabled": true}}'),
	JSON.parse("[".repeat(3_000) + "]".repeat(3_000)),
];

const S3 = { bucket: "b", key: "file" };
const TAGS = [{ Key: "k", Value: "v" }];
const CONFIG = {
	presignedUrlConfig: { expiresInSec: 60 },
	jobExecutionsRolloutConfig: { maximumPerMinute: 1 },
	abortConfig: { criteriaList: [{}] },
	timeoutConfig: { inProgressTimeoutInMinutes: 1 },
	jobExecutionsRetryConfig: { criteriaList: [{ failureType: "ALL", numberOfRetries: 1 }] },
};

/** Requests that a control plane takes; each member in turn is another value. */
const REQUESTS: readonly (readonly [method: string, path: string, body: Record<string, unknown>])[] = [
	[
		"PUT",
		"/jobs/NAME",
		{ ...CONFIG, targets: [thing("alpha")], document: "{}", documentParameters: {}, description: "", tags: TAGS },
	],
	["PUT", "/jobs/NAME", { targets: [thing("alpha")], document: "{}", schedulingConfig: { maintenanceWindows: [{}] } }],
	["PUT", "/jobs/NAME", { targets: [group("g")], jobTemplateArn: "x", documentSource: "https://x/file" }],
	["PUT", "/jobs/NAME", { targetSelection: "SNAPSHOT", targets: [thing("alpha")], documentSource: "https://x/file" }],
	["PATCH", "/jobs/made", { ...CONFIG, description: "" }],
	["POST", "/jobs/made/targets", { targets: [thing("alpha")], comment: "" }],
	["PUT", "/jobs/made/cancel", { comment: "", reasonCode: "" }],
	["PUT", "/things/alpha/jobs/made/cancel", { expectedVersion: 1, statusDetails: { a: "b" } }],
	["PUT", "/job-templates/NAME", { description: "d", document: "{}", tags: TAGS }],
	["PUT", "/job-templates/NAME", { description: "d", jobArn: "x", documentSource: "https://x/file" }],
	["POST", "/streams/NAME", { files: [{ fileId: 1, s3Location: S3 }], roleArn: "r", description: "", tags: TAGS }],
	["PUT", "/streams/made", { files: [{ fileId: 1, s3Location: S3 }], roleArn: "r" }],
	["POST", "/tags", { resourceArn: thing("alpha"), tags: TAGS }],
	["POST", "/untag", { resourceArn: thing("alpha"), tagKeys: ["k"] }],
	["PATCH", "/event-configurations", { eventConfigurations: { JOB: { Enabled: true } } }],
	["POST", "/things/NAME", { attributePayload: { attributes: { a: "b" } } }],
	["PATCH", "/things/alpha", { attributePayload: { attributes: { a: "b" } }, expectedVersion: 1 }],
	["POST", "/thing-groups/NAME", { parentGroupName: "g", thingGroupProperties: { thingGroupDescription: "" } }],
	["POST", "/thing-groups/NAME", { thingGroupProperties: { attributePayload: { attributes: {} } }, tags: TAGS }],
	["PUT", "/thing-groups/addThingToThingGroup", { thingGroupName: "g", thingName: "alpha" }],
	["PUT", "/thing-groups/removeThingFromThingGroup", { thingGroupName: "g", thingName: "alpha" }],
	["POST", "/policies/NAME", { policyDocument: "{}", tags: TAGS }],
	["POST", "/policies/NAME/version", { policyDocument: "{}" }],
	["PUT", "/target-policies/NAME", { target: group("g") }],
	["POST", "/effective-policies", { principal: "x" }],
	["POST", "/certificates", { certificateSigningRequest: "x" }],
	["POST", "/certificate/register-no-ca", { certificatePem: "x", status: "ACTIVE" }],
];

/** The value with one of its members, at any depth, replaced; once for each member. */
function* mutations(value: unknown, by: unknown): Generator<unknown> {
	if (typeof value !== "object" || value === null) return;
	for (const [name, member] of Object.entries(value)) {
		const others = (other: unknown) =>
			Array.isArray(value)
				? value.map((one, index) => (String(index) === name ? other : one))
				: { ...value, [name]: other };
		yield others(by);
		for (const deeper of mutations(member, by)) yield others(deeper);
	}
}

function* hostileRequests(): Generator<[method: string, path: string, body: string]> {
	for (const [method, path, body] of REQUESTS) {
		for (const by of HOSTILE) {
			for (const mutation of [by, ...mutations(body, by)]) yield [method, path, JSON.stringify(mutation)];
		}
	}
}

describe("Hostile requests to the control plane", function () {
	this.timeout(30_000);
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	before(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
		await operator.group("g", []);
		writeFileSync(join(emulator.imageDirectory, "file"), "{}");
		await operator.createJob("made", [thing("alpha")]);
		await operator.must("POST", "/streams/made", { files: [{ fileId: 1, s3Location: S3 }] });
	});
	after(() => lab.clear());

	const create = (jobId: string, document: string, more: object = {}): Promise<Answer> =>
		operator.call("PUT", `/jobs/${jobId}`, { targets: [thing("alpha")], document, ...more });

	async function assertRefused(jobId: string, document: string, message: RegExp): Promise<void> {
		const { status, body } = await create(jobId, document);
		assert.equal(status, 400);
		assert.match(String(body.message), message);
		assert.equal((await operator.call("GET", `/jobs/${jobId}`)).status, 404, "it is not there");
	}

	for (const url of ["https://", "https://:x/y", "nonsense", "", "file:///etc/passwd", "https://a b/c"]) {
		it(`a placeholder of ${JSON.stringify(url)} is refused`, async () => {
			const placeholder = `\${aws:iot:s3-presigned-url:${url}}`;
			await assertRefused("bad-url", JSON.stringify({ url: placeholder }), /is no URL of an object in S3/);
			await assertRefused("bad-url", JSON.stringify({ a: [{ b: `x ${placeholder}` }] }), /is no URL/);
		});
	}

	it("a placeholder that a parameter completes is held against the same rule", async () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: AWS's variable
		const document = '{"u": "${aws:iot:s3-presigned-url:${aws:iot:parameter:u}}"}';
		const { status } = await create("parameter", document, { documentParameters: { u: "https://" } });
		assert.equal(status, 400);
	});

	it("a document nested 1,500 deep is refused, and is not there", async () => {
		await assertRefused("deep", `{"a":${"[".repeat(1_500)}${"]".repeat(1_500)}}`, /nested more than 100 deep/);
		const template = { description: "d", document: `{"a":${'{"a":'.repeat(1_500)}1${"}".repeat(1_501)}` };
		assert.equal((await operator.call("PUT", "/job-templates/deep", template)).status, 400);
		assert.equal((await operator.call("GET", "/job-templates/deep")).status, 404);
	});

	for (const name of ["constructor", "__proto__", "toString"]) {
		it(`a parameter called ${name} has to be given`, async () => {
			const { status, body } = await create(`p-${name}`, `{"a": "\${aws:iot:parameter:${name}}"}`);
			assert.equal(status, 400);
			assert.match(String(body.message), /the document asks for/);
		});
	}

	it("endpointType=constructor is refused", async () => {
		assert.equal((await operator.call("GET", "/endpoint?endpointType=constructor")).status, 400);
	});

	for (const key of ["..", ".", "a/..", "x\u0000", "/"]) {
		it(`a stream of the key ${JSON.stringify(key)} is refused`, async () => {
			const files = [{ fileId: 1, s3Location: { bucket: "b", key } }];
			assert.equal((await operator.call("POST", "/streams/bad-key", { files })).status, 400);
			assert.equal((await operator.call("GET", "/streams/bad-key")).status, 404);
		});
	}

	it("no member of any request can be a value that is answered with 500", async () => {
		const defects: string[] = [];
		let tries = 0;
		for (const [method, path, mutation] of hostileRequests()) {
			tries += 1;
			const { status, body } = await operator.call(method, path.replace("NAME", `n${tries}`), mutation);
			if (status >= 500) defects.push(`${method} ${path} ${mutation.slice(0, 200)}: ${body.message}`);
		}
		assert.deepEqual(defects, []);
		assert.ok(tries > 1_000, `${tries} tries`);
		assert.equal((await operator.call("GET", "/jobs")).status, 200);
	});
});
