/** The words of the import. Nothing here is of Node.js's types, so that whoever imports it needs none of them. */

/** Time: the machine's own, or a `VirtualClock`. */
export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** @returns cancels the timer */
	after(milliseconds: number, callback: () => void): () => void;
	/** Says that something may still come from outside: virtual time stands still meanwhile. @returns lets it go on */
	hold(): () => void;
}

export type ExecutionStatus =
	| "QUEUED"
	| "IN_PROGRESS"
	| "SUCCEEDED"
	| "FAILED"
	| "TIMED_OUT"
	| "REJECTED"
	| "REMOVED"
	| "CANCELED";

export type JobStatus = "SCHEDULED" | "IN_PROGRESS" | "COMPLETED" | "CANCELED" | "DELETION_IN_PROGRESS";

/** What one thing does of one job. */
export interface Execution {
	readonly thingName: string;
	readonly jobId: string;
	/** 1, and one more with each retry. */
	readonly executionNumber: number;
	readonly versionNumber: number;
	readonly status: ExecutionStatus;
	/** What the device has said; `reason` where it FAILED or was REJECTED. */
	readonly statusDetails: Readonly<Record<string, string>>;
	/** Milliseconds since the epoch. */
	readonly queuedAt: number;
	readonly startedAt: number | undefined;
	readonly lastUpdatedAt: number;
}

export interface Job {
	readonly jobId: string;
	readonly status: JobStatus;
	/** ARNs. */
	readonly targets: readonly string[];
	/** How many executions have which status. */
	readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>;
	readonly comment: string | undefined;
	readonly reasonCode: string | undefined;
}

/** As CreateJob of AWS IoT takes it, with its defaults; `PUT /jobs/ID` on the control port takes what is not here. */
export interface JobOptions {
	/** Default: `job-1`, `job-2`, ... */
	readonly jobId?: string;
	/** Names of things, or ARNs. */
	readonly targets?: readonly string[];
	/** Names of groups. */
	readonly groups?: readonly string[];
	readonly document: Readonly<Record<string, unknown>>;
	/** Default: SNAPSHOT. */
	readonly targetSelection?: "SNAPSHOT" | "CONTINUOUS";
	readonly description?: string;
	readonly timeoutConfig?: { readonly inProgressTimeoutInMinutes: number };
	readonly jobExecutionsRolloutConfig?: object;
	readonly jobExecutionsRetryConfig?: object;
	readonly abortConfig?: object;
	readonly schedulingConfig?: object;
	readonly presignedUrlConfig?: object;
}

/** A device as the service knows it, with its credentials. */
export interface Thing {
	readonly name: string;
	readonly arn: string;
	/** PEM. */
	readonly certificate: string;
	/** PEM, PKCS#8. */
	readonly privateKey: string;
	/** Paths of the same in files. */
	readonly files: { readonly certificate: string; readonly privateKey: string };
}

/** An AWS IoT policy: what a certificate may do. */
export interface Policy {
	readonly Version: "2012-10-17";
	readonly Statement: readonly {
		readonly Effect: "Allow" | "Deny";
		readonly Action: string | readonly string[];
		readonly Resource: string | readonly string[];
	}[];
}

/** What goes wrong, and the messages that it meets: without conditions every one. `docs/emulator.md` explains each. */
export interface Fault {
	readonly action: "lose" | "delay" | "duplicate" | "reorder" | "cut" | "error" | "restart-broker" | "restart-service";
	/** Only messages of this thing. */
	readonly thing?: string | undefined;
	/** Only messages in this direction. */
	readonly to?: "service" | "device" | undefined;
	/** Only messages on these topics; `*` is any text. */
	readonly topic?: string | undefined;
	/** For `error`. Default: InternalError. */
	readonly code?: FaultCode | undefined;
	/** For `delay` and `reorder`. Default: 1,000. */
	readonly ms?: number | undefined;
	/** How many messages it meets. Default: all. */
	readonly times?: number | undefined;
	/** How many matching messages pass first. Default: 0. */
	readonly skip?: number | undefined;
	/** 0 to 1. Default: 1. */
	readonly probability?: number | undefined;
	/** Of the random numbers. Default: 1. */
	readonly seed?: number | undefined;
}

export type FaultCode =
	| "InvalidTopic"
	| "InvalidJson"
	| "InvalidRequest"
	| "InvalidStateTransition"
	| "ResourceNotFound"
	| "VersionMismatch"
	| "InternalError"
	| "RequestThrottled"
	| "TerminalStateReached"
	| "LimitExceeded";

/** A message between a device and the service. */
export interface Message {
	readonly from: "device" | "service";
	readonly thingName: string;
	readonly topic: string;
	readonly payload: Uint8Array;
}

export interface WaitOptions {
	/** Default: 30,000. */
	readonly timeoutMs?: number;
}
