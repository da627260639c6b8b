import type { Milliseconds } from "../base/time.js";
import type { Retries } from "./execution.js";
import type { MaintenanceWindow } from "./maintenance-windows.js";

/**
 * How a job goes on, besides its document and targets. CreateJob, UpdateJob and CreateJobTemplate take it, DescribeJob shows
 * it. Source: AWS IoT API reference, the data types of the same names.
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
	/** See `EXPIRES_IN_SEC`. */
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
	/** Exactly one of the two, 1 or more. */
	readonly rateIncreaseCriteria: {
		readonly numberOfNotifiedThings?: number | undefined;
		readonly numberOfSucceededThings?: number | undefined;
	};
}

export const FAILURE_TYPES = ["FAILED", "REJECTED", "TIMED_OUT", "ALL"] as const;
export const RETRIED_FAILURE_TYPES = ["FAILED", "TIMED_OUT", "ALL"] as const;

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
		readonly failureType: (typeof RETRIED_FAILURE_TYPES)[number];
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

/** How often an execution is tried again, as the model of an execution has it. */
export function retriesOf(config: RetryConfig | undefined): Retries {
	return Object.fromEntries(
		(config?.criteriaList ?? []).map(({ failureType, numberOfRetries }) => [failureType, numberOfRetries]),
	);
}
