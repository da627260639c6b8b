import { invalidRequest, ServiceError } from "../base/errors.js";
import { EXPIRES_IN_SEC, MAX_PER_MINUTE, MAX_ROLE_ARN_LENGTH } from "../base/limits.js";
import {
	type AbortConfig,
	type ExponentialRate,
	FAILURE_TYPES,
	type JobConfig,
	type PresignedUrlConfig,
	RETRIED_FAILURE_TYPES,
	type RetryConfig,
	type RolloutConfig,
} from "../jobs/job-config.js";
import {
	type Body,
	decimal,
	integer,
	object,
	oneOf,
	optionalInteger,
	optionalObject,
	optionalText,
} from "./members.js";

/** Sources: AWS IoT API reference, the data types of the same names; AWS IoT Device Management quotas, "Jobs". */
const MIN_ROLE_ARN_LENGTH = 20;
const MAX_IN_PROGRESS_MINUTES = 7 * 24 * 60;
const MAX_RETRIES = 10;

/**
 * How a job goes on, from the body of CreateJob, UpdateJob or CreateJobTemplate. What the body does not say is absent.
 *
 * @throws ServiceError when a member is not what it should be
 */
export function readJobConfig(body: Body): JobConfig {
	const config: JobConfig = {
		presignedUrlConfig: readPresigned(body.presignedUrlConfig),
		jobExecutionsRolloutConfig: readRollout(body.jobExecutionsRolloutConfig),
		abortConfig: readAbort(body.abortConfig),
		timeoutConfig: readTimeout(body.timeoutConfig),
		jobExecutionsRetryConfig: readRetries(body.jobExecutionsRetryConfig),
	};
	return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function readPresigned(value: unknown): PresignedUrlConfig | undefined {
	const config = optionalObject("presignedUrlConfig", value);
	if (config === undefined) return undefined;
	const roleArn = optionalText("presignedUrlConfig.roleArn", config.roleArn, MAX_ROLE_ARN_LENGTH);
	if (roleArn !== undefined && roleArn.length < MIN_ROLE_ARN_LENGTH) {
		throw invalidRequest(`presignedUrlConfig.roleArn: at least ${MIN_ROLE_ARN_LENGTH} characters`);
	}
	const { min, max } = EXPIRES_IN_SEC;
	return { roleArn, expiresInSec: optionalInteger("presignedUrlConfig.expiresInSec", config.expiresInSec, min, max) };
}

function readRollout(value: unknown): RolloutConfig | undefined {
	const config = optionalObject("jobExecutionsRolloutConfig", value);
	if (config === undefined) return undefined;
	const name = "jobExecutionsRolloutConfig";
	const maximumPerMinute = optionalInteger(`${name}.maximumPerMinute`, config.maximumPerMinute, 1, MAX_PER_MINUTE);
	const rate = optionalObject(`${name}.exponentialRate`, config.exponentialRate);
	if (rate === undefined) {
		if (maximumPerMinute === undefined) throw invalidRequest(`${name}: maximumPerMinute or exponentialRate`);
		return { maximumPerMinute };
	}
	const exponentialRate = readExponential(rate);
	if (maximumPerMinute === undefined || maximumPerMinute < exponentialRate.baseRatePerMinute) {
		throw invalidRequest(`${name}.maximumPerMinute: at least baseRatePerMinute, where there is an exponentialRate`);
	}
	return { maximumPerMinute, exponentialRate };
}

function readExponential(rate: Body): ExponentialRate {
	const name = "jobExecutionsRolloutConfig.exponentialRate";
	const criteria = object(`${name}.rateIncreaseCriteria`, rate.rateIncreaseCriteria);
	const read = (criterion: string) =>
		optionalInteger(`${name}.${criterion}`, criteria[criterion], 1, Number.MAX_SAFE_INTEGER);
	const numberOfNotifiedThings = read("numberOfNotifiedThings");
	const numberOfSucceededThings = read("numberOfSucceededThings");
	if ((numberOfNotifiedThings === undefined) === (numberOfSucceededThings === undefined)) {
		throw invalidRequest(`${name}.rateIncreaseCriteria: numberOfNotifiedThings or numberOfSucceededThings`);
	}
	return {
		baseRatePerMinute: integer(`${name}.baseRatePerMinute`, rate.baseRatePerMinute, 1, MAX_PER_MINUTE),
		incrementFactor: decimal(`${name}.incrementFactor`, rate.incrementFactor, { min: 1.1, max: 5, decimals: 1 }),
		rateIncreaseCriteria: { numberOfNotifiedThings, numberOfSucceededThings },
	};
}

function readAbort(value: unknown): AbortConfig | undefined {
	const config = optionalObject("abortConfig", value);
	if (config === undefined) return undefined;
	return {
		criteriaList: criteriaOf("abortConfig", config).map((criterion) => ({
			failureType: oneOf("abortConfig.failureType", criterion.failureType, FAILURE_TYPES),
			action: oneOf("abortConfig.action", criterion.action, ["CANCEL"]),
			thresholdPercentage: decimal("abortConfig.thresholdPercentage", criterion.thresholdPercentage, {
				min: 0.01,
				max: 100,
				decimals: 2,
			}),
			minNumberOfExecutedThings: integer(
				"abortConfig.minNumberOfExecutedThings",
				criterion.minNumberOfExecutedThings,
				1,
				Number.MAX_SAFE_INTEGER,
			),
		})),
	};
}

function readTimeout(value: unknown): JobConfig["timeoutConfig"] {
	const config = optionalObject("timeoutConfig", value);
	if (config === undefined) return undefined;
	const name = "timeoutConfig.inProgressTimeoutInMinutes";
	return { inProgressTimeoutInMinutes: integer(name, config.inProgressTimeoutInMinutes, 1, MAX_IN_PROGRESS_MINUTES) };
}

function readRetries(value: unknown): RetryConfig | undefined {
	const config = optionalObject("jobExecutionsRetryConfig", value);
	if (config === undefined) return undefined;
	const name = "jobExecutionsRetryConfig";
	const criteriaList = criteriaOf(name, config).map(({ failureType, numberOfRetries }) => ({
		failureType: oneOf(`${name}.failureType`, failureType, RETRIED_FAILURE_TYPES),
		numberOfRetries: integer(`${name}.numberOfRetries`, numberOfRetries, 0, MAX_RETRIES),
	}));
	const types = criteriaList.map(({ failureType }) => failureType);
	if (new Set(types).size < types.length) throw invalidRequest(`${name}: one criterion of each failureType`);
	if (types.length > 1 && types.includes("ALL")) throw invalidRequest(`${name}: ALL stands alone`);
	const total = criteriaList.reduce((sum, { numberOfRetries }) => sum + numberOfRetries, 0);
	// Open point: more than ten retries.
	if (total > MAX_RETRIES) throw new ServiceError("LimitExceeded", `${name}: at most ${MAX_RETRIES} retries in all`);
	return { criteriaList };
}

function criteriaOf(name: string, { criteriaList }: Body): Body[] {
	if (!Array.isArray(criteriaList) || criteriaList.length === 0)
		throw invalidRequest(`${name}.criteriaList: at least one`);
	return criteriaList.map((criterion) => object(`${name}.criteriaList`, criterion));
}
