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

	it("refuses by name what is not emulated", async () => {
		const packages = { destinationPackageVersions: ["arn:aws:iot:us-east-1:123456789012:package/a/version/1"] };
		for (const [path, members] of [
			["/jobs/x", packages],
			["/jobs/x", { namespaceId: "other" }],
			["/job-templates/x", packages],
		] as const) {
			const own = { targets: [thing("alpha")], description: "words", document: "{}" };
			const { status, body } = await operator.call("PUT", path, { ...own, ...members });
			assert.deepEqual([status, body.message], [400, `${Object.keys(members)[0]}: not emulated`]);
		}
	});

	it("takes a template's windows, and not its description; without it 404", async () => {
		const maintenanceWindows = [{ startTime: "cron(0 2 ? * * *)", durationInMinutes: 30 }];
		const template = { description: "of the template", document: "{}", maintenanceWindows };
		const { jobTemplateArn } = await operator.must("PUT", "/job-templates/nightly", template);
		assert.deepEqual((await operator.must("GET", "/job-templates/nightly")).maintenanceWindows, maintenanceWindows);
		const own = { targets: [thing("alpha")], jobTemplateArn };
		await operator.must("PUT", "/jobs/nightly", { ...own, targetSelection: "CONTINUOUS" });
		const { description, schedulingConfig } = await operator.job("nightly");
		assert.deepEqual([description, schedulingConfig], [undefined, { maintenanceWindows }]);
		await operator.must("PUT", "/jobs/at-once", own);
		assert.deepEqual((await operator.job("at-once")).schedulingConfig, {});
		const unknown = await operator.call("PUT", "/jobs/y", { ...own, jobTemplateArn: `${jobTemplateArn}x` });
		assert.deepEqual([unknown.status, unknown.type], [404, "ResourceNotFoundException"]);
	});

	it("takes an endBehavior alone", async () => {
		const schedulingConfig = { endBehavior: "CANCEL" };
		await operator.createJob("ending", [thing("alpha")], { schedulingConfig });
		assert.deepEqual((await operator.job("ending")).schedulingConfig, schedulingConfig);
	});

	it("UpdateEventConfigurations keeps all eleven types, and refuses another", async () => {
		const types = Object.keys((await operator.must("GET", "/event-configurations")).eventConfigurations as object);
		assert.equal(types.length, 11);
		await operator.must("PATCH", "/event-configurations", { eventConfigurations: { THING: { Enabled: true } } });
		const { eventConfigurations } = await operator.must("GET", "/event-configurations");
		assert.deepEqual((eventConfigurations as Record<string, object>).THING, { Enabled: true });
		const other = await operator.call("PATCH", "/event-configurations", {
			eventConfigurations: { SHADOW: { Enabled: true } },
		});
		assert.equal(other.status, 400);
	});
});
