import { ApiError, invalidRequest } from "../api/errors.js";
import type { Milliseconds, Retries } from "./execution.js";
import { type MaintenanceWindow, problemOfWindow } from "./maintenance-windows.js";

/**
 * What an operator says of how a job goes on, besides its document and targets: read from the bodies of CreateJob, UpdateJob and
 * CreateJobTemplate, and written back by DescribeJob. Source: service model `iot`, JobExecutionsRolloutConfig and its kin.
 */
export interface JobConfig {
	readonly presignedUrlConfig?: PresignedUrlConfig | undefined;
	readonly jobExecutionsRolloutConfig?: RolloutConfig | undefined;
	readonly abortConfig?: AbortConfig | undefined;
	readonly timeoutConfig?: { readonly inProgressTimeoutInMinutes: number } | undefined;
	readonly jobExecutionsRetryConfig?: RetryConfig | undefined;
}

export interface PresignedUrlConfig {
	readonly roleArn?: string | undefined;
	/** 60..3600 */
	readonly expiresInSec?: number | undefined;
}

export interface RolloutConfig {
	readonly maximumPerMinute?: number | undefined;
	readonly exponentialRate?: ExponentialRate | undefined;
}

export interface ExponentialRate {
	/** 1..1000 */
	readonly baseRatePerMinute: number;
	/** 1.1..5 */
	readonly incrementFactor: number;
	/** One of them, 1 or more. */
	readonly rateIncreaseCriteria: {
		readonly numberOfNotifiedThings?: number | undefined;
		readonly numberOfSucceededThings?: number | undefined;
	};
}

export const FAILURE_TYPES = ["FAILED", "REJECTED", "TIMED_OUT", "ALL"] as const;

export interface AbortConfig {
	readonly criteriaList: readonly {
		readonly failureType: (typeof FAILURE_TYPES)[number];
		readonly action: "CANCEL";
		readonly thresholdPercentage: number;
		readonly minNumberOfExecutedThings: number;
	}[];
}

export interface RetryConfig {
	readonly criteriaList: readonly {
		readonly failureType: "FAILED" | "TIMED_OUT" | "ALL";
		readonly numberOfRetries: number;
	}[];
}

export const END_BEHAVIORS = ["STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"] as const;

export interface Scheduling {
	readonly startTime?: Milliseconds | undefined;
	readonly endTime?: Milliseconds | undefined;
	readonly endBehavior?: (typeof END_BEHAVIORS)[number] | undefined;
	readonly maintenanceWindows: readonly MaintenanceWindow[];
}

/** The default of AWS, and its ceiling. */
export const MAX_PER_MINUTE = 1_000;
const MAX_RETRIES = 10;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @throws ApiError when a member is not what it should be */
export function readConfig(body: Readonly<Record<string, unknown>>): JobConfig {
	return {
		presignedUrlConfig: readPresigned(body.presignedUrlConfig),
		jobExecutionsRolloutConfig: readRollout(body.jobExecutionsRolloutConfig),
		abortConfig: readAbort(body.abortConfig),
		timeoutConfig: readTimeout(body.timeoutConfig),
		jobExecutionsRetryConfig: readRetries(body.jobExecutionsRetryConfig),
	};
}

/** How often an execution is tried again, as the model of an execution has it. */
export function retriesOf(config: RetryConfig | undefined): Retries {
	return Object.fromEntries(
		(config?.criteriaList ?? []).map(({ failureType, numberOfRetries }) => [failureType, numberOfRetries]),
	);
}

/** @throws ApiError @param isContinuous maintenance windows are for such jobs alone */
export function readScheduling(value: unknown, isContinuous: boolean, now: Milliseconds): Scheduling | undefined {
	const config = optionalObject("schedulingConfig", value);
	if (config === undefined) return undefined;
	const startTime = readTime("schedulingConfig.startTime", config.startTime);
	const endTime = readTime("schedulingConfig.endTime", config.endTime);
	const endBehavior = optionalOneOf("schedulingConfig.endBehavior", config.endBehavior, END_BEHAVIORS);
	checkTimes(startTime, endTime, now);
	if (endBehavior !== undefined && endTime === undefined)
		throw invalidRequest("schedulingConfig.endBehavior: needs an endTime");
	const windows = config.maintenanceWindows ?? [];
	if (!Array.isArray(windows)) throw invalidRequest("schedulingConfig.maintenanceWindows: a list");
	if (windows.length > 0 && !isContinuous) {
		throw invalidRequest("schedulingConfig.maintenanceWindows: for CONTINUOUS jobs only");
	}
	return { startTime, endTime, endBehavior, maintenanceWindows: windows.map(readWindow) };
}

function checkTimes(startTime: Milliseconds | undefined, endTime: Milliseconds | undefined, now: Milliseconds): void {
	if (startTime !== undefined && (startTime < now + 30 * MINUTE_MS || startTime > now + 366 * DAY_MS)) {
		throw invalidRequest("schedulingConfig.startTime: from 30 minutes to a year from now");
	}
	if (endTime !== undefined && (endTime < (startTime ?? now) + 30 * MINUTE_MS || endTime > now + 732 * DAY_MS)) {
		throw invalidRequest("schedulingConfig.endTime: from 30 minutes after the start to two years from now");
	}
}

function readWindow(value: unknown): MaintenanceWindow {
	const { startTime, durationInMinutes } = object("maintenanceWindows", value);
	const window = { startTime: String(startTime), durationInMinutes: Number(durationInMinutes) };
	const problem = problemOfWindow(window);
	if (problem !== undefined) throw invalidRequest(`schedulingConfig.maintenanceWindows: ${problem}`);
	return window;
}

/** `YYYY-MM-DD HH:MM`, with T or a space, seconds and Z if one likes: UTC. */
function readTime(name: string, value: unknown): Milliseconds | undefined {
	if (value === undefined) return undefined;
	const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?Z?$/.exec(String(value));
	const time = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[3] ?? ":00"}Z`);
	if (Number.isNaN(time)) throw invalidRequest(`${name}: YYYY-MM-DDTHH:MM, in UTC`);
	return time;
}

function readPresigned(value: unknown): PresignedUrlConfig | undefined {
	const config = optionalObject("presignedUrlConfig", value);
	if (config === undefined) return undefined;
	const { roleArn } = config;
	if (roleArn !== undefined && (typeof roleArn !== "string" || roleArn.length < 20 || roleArn.length > 2_048)) {
		throw invalidRequest("presignedUrlConfig.roleArn: 20 to 2048 characters");
	}
	return { roleArn, expiresInSec: optionalInteger("presignedUrlConfig.expiresInSec", config.expiresInSec, 60, 3_600) };
}

function readRollout(value: unknown): RolloutConfig | undefined {
	const config = optionalObject("jobExecutionsRolloutConfig", value);
	if (config === undefined) return undefined;
	const name = "jobExecutionsRolloutConfig";
	const maximumPerMinute = optionalInteger(`${name}.maximumPerMinute`, config.maximumPerMinute, 1, MAX_PER_MINUTE);
	const rate = optionalObject(`${name}.exponentialRate`, config.exponentialRate);
	return { maximumPerMinute, ...(rate && { exponentialRate: readExponential(rate) }) };
}

function readExponential(rate: Record<string, unknown>): ExponentialRate {
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
		incrementFactor: number(`${name}.incrementFactor`, rate.incrementFactor, 1.1, 5),
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
			thresholdPercentage: number("abortConfig.thresholdPercentage", criterion.thresholdPercentage, 0.01, 100),
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
	if (config?.inProgressTimeoutInMinutes === undefined) return undefined;
	const name = "timeoutConfig.inProgressTimeoutInMinutes";
	return { inProgressTimeoutInMinutes: integer(name, config.inProgressTimeoutInMinutes, 1, 10_080) };
}

function readRetries(value: unknown): RetryConfig | undefined {
	const config = optionalObject("jobExecutionsRetryConfig", value);
	if (config === undefined) return undefined;
	const name = "jobExecutionsRetryConfig";
	const criteriaList = criteriaOf(name, config).map(({ failureType, numberOfRetries }) => ({
		failureType: oneOf(`${name}.failureType`, failureType, ["FAILED", "TIMED_OUT", "ALL"]),
		numberOfRetries: integer(`${name}.numberOfRetries`, numberOfRetries, 0, MAX_RETRIES),
	}));
	const total = criteriaList.reduce((sum, { numberOfRetries }) => sum + numberOfRetries, 0);
	if (total > MAX_RETRIES)
		throw new ApiError(410, "LimitExceededException", `${name}: at most ${MAX_RETRIES} retries in all`);
	return { criteriaList };
}

function criteriaOf(name: string, { criteriaList }: Record<string, unknown>): Record<string, unknown>[] {
	if (!Array.isArray(criteriaList) || criteriaList.length === 0)
		throw invalidRequest(`${name}.criteriaList: at least one`);
	return criteriaList.map((criterion) => object(`${name}.criteriaList`, criterion));
}

// ---- members of a body, with the name that an error says

export function object(name: string, value: unknown): Record<string, unknown> {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
	throw invalidRequest(`${name}: an object`);
}

export function optionalObject(name: string, value: unknown): Record<string, unknown> | undefined {
	return value === undefined || value === null ? undefined : object(name, value);
}

export function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
	if (allowed.includes(value as T)) return value as T;
	throw invalidRequest(`${name}: one of ${allowed.join(", ")}`);
}

export function optionalOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T | undefined {
	return value === undefined ? undefined : oneOf(name, value, allowed);
}

export function optionalText(name: string, value: unknown, maxLength: number): string | undefined {
	if (value === undefined || value === null) return undefined;
	// Service model `iot`: descriptions and comments have no control characters.
	if (typeof value === "string" && value.length <= maxLength && !/\p{C}/u.test(value)) return value;
	throw invalidRequest(`${name}: at most ${maxLength} characters, none of them a control character`);
}

function number(name: string, value: unknown, min: number, max: number): number {
	if (typeof value === "number" && value >= min && value <= max) return value;
	throw invalidRequest(`${name}: ${min} to ${max}`);
}

function integer(name: string, value: unknown, min: number, max: number): number {
	if (Number.isInteger(value)) return number(name, value, min, max);
	throw invalidRequest(`${name}: a whole number`);
}

function optionalInteger(name: string, value: unknown, min: number, max: number): number | undefined {
	return value === undefined ? undefined : integer(name, value, min, max);
}
