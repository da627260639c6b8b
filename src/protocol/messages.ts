/**
 * The messages of the AWS IoT Jobs MQTT API, as the device sends and receives them. Written once: the JSON Schemas in
 * `schema/` are generated from these types, and the harness checks every message against them in both directions.
 *
 * Source: AWS IoT developer guide, "Jobs MQTT API operations"; service model `iot-jobs-data` (2017-09-29) for lengths
 * and patterns. Times are whole seconds since the epoch.
 */

/** A job's id. @minLength 1 @maxLength 64 @pattern ^[a-zA-Z0-9_-]+$ */
export type JobId = string;

/** A thing's name. @minLength 1 @maxLength 128 @pattern ^[a-zA-Z0-9:_-]+$ */
export type ThingName = string;

/** Echoed in the answer. AWS allows 64 bytes. @maxLength 64 */
export type ClientToken = string;

/** @asType integer @minimum 1 */
export type ExecutionNumber = number;

/** In a request. No execution has the number 0, but it is a number that AWS takes. @asType integer @minimum 0 */
export type AskedExecutionNumber = number;

/** In a request. No execution has the version 0, but it is a number that AWS takes. @asType integer @minimum 0 */
export type ExpectedVersion = number;

/** 1 when queued, one more with each change of the execution. @asType integer @minimum 1 */
export type VersionNumber = number;

/** Whole seconds since the epoch. @asType integer @minimum 0 */
export type Seconds = number;

/** Minutes; -1 in an update clears the step timer. @asType integer @minimum -1 @maximum 10080 */
export type StepTimeoutInMinutes = number;

/** A value of the status details. @minLength 1 @maxLength 1024 @pattern ^\P{C}+$ */
export type StatusDetail = string;

/**
 * Name-value pairs that describe an execution's status; an update replaces what was there.
 * @maxProperties 10
 */
export interface StatusDetails {
	[name: string]: StatusDetail;
}

/** What the operator wrote: any JSON object. Over MQTT it is embedded as an object, not as text. */
export interface JobDocument {
	[name: string]: unknown;
}

export type JobExecutionStatus =
	| "QUEUED"
	| "IN_PROGRESS"
	| "SUCCEEDED"
	| "FAILED"
	| "TIMED_OUT"
	| "REJECTED"
	| "REMOVED"
	| "CANCELED";

/** What a device may set. */
export type DeviceStatus = "IN_PROGRESS" | "SUCCEEDED" | "FAILED" | "REJECTED";

export interface JobExecution {
	jobId: JobId;
	/** Over HTTPS only. */
	thingName?: ThingName;
	status: JobExecutionStatus;
	statusDetails?: StatusDetails;
	queuedAt: Seconds;
	startedAt?: Seconds;
	lastUpdatedAt: Seconds;
	/** Only with a running timer. @asType integer */
	approximateSecondsBeforeTimedOut?: number;
	versionNumber: VersionNumber;
	executionNumber: ExecutionNumber;
	jobDocument?: JobDocument;
}

export interface JobExecutionSummary {
	jobId: JobId;
	queuedAt: Seconds;
	startedAt?: Seconds;
	lastUpdatedAt: Seconds;
	versionNumber: VersionNumber;
	executionNumber: ExecutionNumber;
}

export interface JobExecutionState {
	status: JobExecutionStatus;
	statusDetails?: StatusDetails;
	versionNumber: VersionNumber;
}

/** Published to `/get`. */
export interface GetPendingJobExecutionsRequest {
	clientToken?: ClientToken;
}

export interface GetPendingJobExecutionsResponse {
	inProgressJobs: JobExecutionSummary[];
	queuedJobs: JobExecutionSummary[];
	timestamp: Seconds;
	clientToken?: ClientToken;
}

/** Published to `/start-next`. */
export interface StartNextPendingJobExecutionRequest {
	statusDetails?: StatusDetails;
	stepTimeoutInMinutes?: StepTimeoutInMinutes;
	clientToken?: ClientToken;
}

export interface StartNextPendingJobExecutionResponse {
	/** Absent when nothing is pending. */
	execution?: JobExecution;
	timestamp: Seconds;
	clientToken?: ClientToken;
}

/** Published to `/<jobId>/get` or `/$next/get`. */
export interface DescribeJobExecutionRequest {
	executionNumber?: AskedExecutionNumber;
	/** Default true; over HTTPS false. */
	includeJobDocument?: boolean;
	clientToken?: ClientToken;
}

export interface DescribeJobExecutionResponse {
	/** Absent for `$next` when nothing is pending. */
	execution?: JobExecution;
	timestamp: Seconds;
	clientToken?: ClientToken;
}

/** Published to `/<jobId>/update`. */
export interface UpdateJobExecutionRequest {
	/** The service refuses one that is no DeviceStatus with InvalidStateTransition. */
	status: JobExecutionStatus;
	statusDetails?: StatusDetails;
	/** The service refuses the update with VersionMismatch when the execution's version is another one. */
	expectedVersion?: ExpectedVersion;
	executionNumber?: AskedExecutionNumber;
	includeJobExecutionState?: boolean;
	includeJobDocument?: boolean;
	stepTimeoutInMinutes?: StepTimeoutInMinutes;
	clientToken?: ClientToken;
}

export interface UpdateJobExecutionResponse {
	/** Only where `includeJobExecutionState` asked for it. */
	executionState?: JobExecutionState;
	/** Only where `includeJobDocument` asked for it. */
	jobDocument?: JobDocument;
	timestamp: Seconds;
	clientToken?: ClientToken;
}

export type ErrorCode =
	| "InvalidTopic"
	| "InvalidJson"
	| "InvalidRequest"
	| "InvalidStateTransition"
	| "ResourceNotFound"
	| "VersionMismatch"
	| "InternalError"
	| "RequestThrottled"
	| "TerminalStateReached";

/** Published by the service to `<request topic>/rejected`. */
export interface ErrorResponse {
	code: ErrorCode;
	message: string;
	clientToken?: ClientToken;
	timestamp: Seconds;
	/** Only with InvalidStateTransition and VersionMismatch. */
	executionState?: JobExecutionState;
}

/** Published by the service to `/notify` when an execution joins or leaves the list of pending ones. */
export interface JobExecutionsChanged {
	timestamp: Seconds;
	jobs: {
		IN_PROGRESS?: JobExecutionSummary[];
		QUEUED?: JobExecutionSummary[];
	};
}

/** Published by the service to `/notify-next` when another execution is the next one. */
export interface NextJobExecutionChanged {
	timestamp: Seconds;
	/** Absent when nothing is pending. */
	execution?: JobExecution;
}
