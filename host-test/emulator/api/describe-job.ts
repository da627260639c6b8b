import { jobArn } from "../base/arn.js";
import type { Milliseconds } from "../base/time.js";
import { isRollingOut, type Job } from "../jobs/job.js";
import type { Scheduling } from "../jobs/job-config.js";
import { jobProcessDetails } from "../jobs/job-events.js";
import { nextWindows } from "../jobs/maintenance-windows.js";

/** How many of the next maintenance windows are listed. Source: AWS IoT API reference, Job. */
const LISTED_WINDOWS = 7;

/**
 * A job as DescribeJob shows it. In the control plane times are seconds with a fraction; a member without a value is absent,
 * but for four structures, which AWS shows empty.
 */
export function describeJob(job: Job, now: Milliseconds) {
	const { createdAt, lastUpdatedAt, completedAt, scheduling, status, forceCanceled } = job;
	const isConcurrent = isRollingOut(job);
	return {
		jobArn: jobArn(job.jobId),
		jobId: job.jobId,
		targetSelection: job.targetSelection,
		status,
		...(status === "CANCELED" && { forceCanceled }),
		reasonCode: job.reasonCode,
		comment: job.comment,
		targets: job.targets,
		description: job.description,
		presignedUrlConfig: job.presignedUrlConfig ?? {},
		jobExecutionsRolloutConfig: job.jobExecutionsRolloutConfig ?? {},
		abortConfig: job.abortConfig,
		createdAt: createdAt / 1_000,
		lastUpdatedAt: lastUpdatedAt / 1_000,
		completedAt: completedAt === undefined ? undefined : completedAt / 1_000,
		jobProcessDetails: { processingTargets: isConcurrent ? job.targets : undefined, ...jobProcessDetails(job) },
		timeoutConfig: job.timeoutConfig ?? {},
		jobExecutionsRetryConfig: job.jobExecutionsRetryConfig,
		documentParameters: job.documentParameters,
		jobTemplateArn: job.jobTemplateArn,
		isConcurrent,
		...(scheduling === undefined ? { schedulingConfig: {} } : describeScheduling(scheduling, now)),
	};
}

function describeScheduling({ startTime, endTime, endBehavior, maintenanceWindows }: Scheduling, now: Milliseconds) {
	const first = Math.max(now, startTime ?? now);
	const rollouts = nextWindows(maintenanceWindows, first, LISTED_WINDOWS)
		.filter((time) => endTime === undefined || time < endTime)
		.map((time) => ({ startTime: textOf(time) }));
	return {
		schedulingConfig: {
			startTime: textOf(startTime),
			endTime: textOf(endTime),
			endBehavior,
			maintenanceWindows: maintenanceWindows.length > 0 ? maintenanceWindows : undefined,
		},
		scheduledJobRollouts: rollouts.length > 0 ? rollouts : undefined,
	};
}

function textOf(time: Milliseconds | undefined): string | undefined {
	return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16).replace("T", " ");
}
