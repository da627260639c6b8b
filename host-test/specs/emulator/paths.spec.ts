import assert from "node:assert/strict";
import { ask } from "../kit/https-request.js";
import { Lab, pemOf, type TestEmulator } from "../kit/lab.js";
import { group, Operator, thing } from "../kit/operator.js";

const LONG = `long-${"x".repeat(123)}`;
const CERTIFICATE = "arn:aws:iot:us-east-1:123456789012:cert/";

describe("Paths of requests", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	it("names of 128 characters: a thing, its group and a policy work throughout", async () => {
		await operator.must("POST", `/things/${LONG}`, {});
		await operator.group(LONG, [LONG]);
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await operator.must("POST", `/policies/${LONG}`, { policyDocument });
		await operator.createJob("job", [group(LONG), thing(LONG)]);
		for (const path of [`/things/${LONG}`, `/things/${LONG}/jobs`, `/things/${LONG}/jobs/job`, `/policies/${LONG}`]) {
			await operator.must("GET", path);
		}
		assert.deepEqual((await operator.must("GET", `/thing-groups/${LONG}/things`)).things, [LONG]);
	});

	it("over HTTPS, with the certificate of a thing whose name has 128 characters", async () => {
		const long = await lab.emulator({ things: [LONG] });
		const call = (path: string) => ask(long.addresses.data.url, { path, ...pemOf(long, LONG) });
		assert.deepEqual((await call(`/things/${LONG}/jobs`)).body, { inProgressJobs: [], queuedJobs: [] });
		const refused = await call("/things/%zz/jobs");
		assert.deepEqual([refused.status, refused.headers["x-amzn-errortype"]], [400, "InvalidRequestException"]);
	});

	it("a certificate's ARN: its attached policies are listed", async () => {
		const { certificateId } = await operator.newCertificate("alpha");
		const policyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
		await operator.must("POST", "/policies/own", { policyDocument });
		await operator.must("PUT", "/target-policies/own", { target: CERTIFICATE + certificateId });
		const target = encodeURIComponent(CERTIFICATE + certificateId);
		const { policies } = await operator.must("POST", `/attached-policies/${target}`);
		assert.deepEqual(
			(policies as { policyName: string }[]).map(({ policyName }) => policyName),
			["device", "own"],
		);
	});

	for (const [what, method, path, body, status] of [
		["a name of 129 characters", "POST", `/things/x${LONG}`, {}, 400],
		["a part of 3,000 characters", "GET", `/things/${"x".repeat(3_000)}`, undefined, 400],
		["a path that is not percent-encoded", "GET", "/things/%zz", undefined, 400],
		["a body that is too large", "POST", "/things/big", "x".repeat(2 * 1_024 * 1_024), 413],
	] as const) {
		it(`${what}: refused in words of ours`, async () => {
			const answer = await operator.call(method, path, body);
			assert.deepEqual([answer.status, answer.type], [status, "InvalidRequestException"]);
			assert.doesNotMatch(String(answer.body.message), /FST_|maxParamLength|[Rr]oute|payload|Media Type/);
		});
	}

	it("a body that is no JSON by its content type: refused in words of ours", async () => {
		const answer = await operator.call("POST", "/things/beta", "a=b", { "content-type": "text/x-form" });
		assert.deepEqual([answer.status, answer.type], [400, "InvalidRequestException"]);
		assert.match(String(answer.body.message), /application\/json/);
	});
});
