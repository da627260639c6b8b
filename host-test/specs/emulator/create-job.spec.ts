import assert from "node:assert/strict";
import { Lab } from "../kit/lab.js";
import { Operator, thing } from "../kit/operator.js";

const rate = (members: object) => ({
	baseRatePerMinute: 5,
	incrementFactor: 1.5,
	rateIncreaseCriteria: { numberOfNotifiedThings: 1 },
	...members,
});
const rollout = (exponentialRate: object, maximumPerMinute?: number) => ({
	jobExecutionsRolloutConfig: { exponentialRate, ...(maximumPerMinute !== undefined && { maximumPerMinute }) },
});
const retries = (...failureTypes: string[]) => ({
	jobExecutionsRetryConfig: { criteriaList: failureTypes.map((failureType) => ({ failureType, numberOfRetries: 1 })) },
});
const abort = (thresholdPercentage: number) => ({
	abortConfig: {
		criteriaList: [{ failureType: "ALL", action: "CANCEL", thresholdPercentage, minNumberOfExecutedThings: 1 }],
	},
});
const tag = (Key: string, Value = "") => ({ tags: [{ Key, Value }] });

/** What a job and a template may have, and what AWS refuses of both. */
const CONFIGS: readonly (readonly [what: string, good: object, bad: object])[] = [
	["exponentialRate with a maximumPerMinute", rollout(rate({}), 5), rollout(rate({}))],
	["a maximumPerMinute from the base rate on", rollout(rate({}), 6), rollout(rate({}), 4)],
	[
		"one decimal of incrementFactor",
		rollout(rate({ incrementFactor: 1.1 }), 9),
		rollout(rate({ incrementFactor: 1.15 }), 9),
	],
	["two decimals of thresholdPercentage", abort(33.33), abort(33.333)],
	["no empty rollout", { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } }, { jobExecutionsRolloutConfig: {} }],
	["no empty timeout", { timeoutConfig: { inProgressTimeoutInMinutes: 1 } }, { timeoutConfig: {} }],
	["two retry criteria", retries("FAILED", "TIMED_OUT"), retries("FAILED", "TIMED_OUT", "FAILED")],
	["a retry of ALL alone", retries("ALL"), retries("ALL", "FAILED")],
	["a description that says something", { description: "x" }, { description: "" }],
	["tag keys of AWS's characters", tag("a b/c:d+e=f@g-h_i.j", "ü 1"), tag("a*b")],
	["tag values of AWS's characters", tag("a", ""), tag("a", "b;c")],
];

describe("CreateJob", () => {
	let lab: Lab;
	let operator: Operator;
	before(async () => {
		lab = new Lab();
		operator = new Operator(await lab.emulator({ things: ["alpha"] }));
	});
	after(() => lab.clear());

	let jobs = 0;
	const put = async (path: "jobs" | "job-templates", members: object) => {
		jobs += 1;
		const own = path === "jobs" ? { targets: [thing("alpha")] } : { description: "words" };
		const { status, type } = await operator.call("PUT", `/${path}/n${jobs}`, { ...own, document: "{}", ...members });
		return `${status} ${type}`;
	};
	const REFUSED = "400 InvalidRequestException";

	for (const [what, good, bad] of CONFIGS) {
		it(`and CreateJobTemplate take ${what}`, async () => {
			for (const path of ["jobs", "job-templates"] as const) {
				assert.deepEqual([await put(path, good), await put(path, bad)], ["200 null", REFUSED], path);
			}
		});
	}

	for (const target of [
		"arn:aws:iot:eu-west-1:123456789012:thing/alpha",
		"arn:aws:iot:us-east-1:999999999999:thing/alpha",
		"arn:aws-cn:iot:us-east-1:123456789012:thing/alpha",
	]) {
		it(`refuses the target ${target}`, async () => {
			assert.equal(await put("jobs", { targets: [target] }), REFUSED);
		});
	}

	it("takes documentParameters with a managed template only", async () => {
		const jobTemplateArn = "arn:aws:iot:us-east-1::jobtemplate/AWS-Reboot:1.0";
		const documentParameters = { runAsUser: "root" };
		const given = { jobTemplateArn, documentParameters };
		assert.equal(await put("jobs", { ...given, document: undefined }), "200 null");
		assert.equal(await put("jobs", given), REFUSED);
		assert.equal(await put("jobs", { documentParameters }), REFUSED);
	});

	it("and CancelJob: a reasonCode is capitals, digits and _", async () => {
		await operator.createJob("job", [thing("alpha")]);
		for (const reasonCode of ["lower", "A-B", "", "A".repeat(129)]) {
			assert.equal((await operator.call("PUT", "/jobs/job/cancel", { reasonCode })).status, 400, reasonCode);
		}
		await operator.must("PUT", "/jobs/job/cancel", { reasonCode: "BAD_2" });
		assert.equal((await operator.job("job")).reasonCode, "BAD_2");
	});
});
