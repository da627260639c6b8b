import { MAX_PER_MINUTE } from "../base/limits.js";
import { MINUTE_MS, type Milliseconds } from "../base/time.js";
import { isRollingOut, type Job, type RolloutMinute } from "./job.js";
import { nextClosing, nextWindows } from "./maintenance-windows.js";

/**
 * Which things of a job get their executions now. A minute gives so many things their turn as the rate allows that holds
 * when it begins. Source: AWS IoT developer guide, "How job configurations work", rollout rates.
 */
export function rollOut(job: Job, now: Milliseconds): { job: Job; queue: readonly string[] } {
	const due = nextRollout(job, now);
	if (due === undefined || due > now) return { job, queue: [] };
	const { members, rolledOut } = job;
	const isOn = job.minute !== undefined && now < job.minute.start + MINUTE_MS;
	const minute = isOn ? (job.minute as RolloutMinute) : { start: now, count: 0, rate: currentRate(job) };
	const queue = members.slice(rolledOut, rolledOut + minute.rate - minute.count);
	return {
		job: { ...job, rolledOut: rolledOut + queue.length, minute: { ...minute, count: minute.count + queue.length } },
		queue,
	};
}

/** When time alone changes the job: it starts, rolls out or ends. undefined when it does not. */
export function nextJobDeadline(job: Job, now: Milliseconds): Milliseconds | undefined {
	const { startTime = now, endTime, maintenanceWindows = [] } = job.scheduling ?? {};
	const due: (Milliseconds | undefined)[] = [];
	if (job.status === "IN_PROGRESS") due.push(nextRollout(job, now));
	else if (job.status !== "SCHEDULED") return undefined;
	else due.push(startTime > now ? startTime : nextWindows(maintenanceWindows, now)[0]);
	if (!job.isStopped) due.push(endTime, nextClosing(maintenanceWindows, now));
	const times = due.filter((time) => time !== undefined);
	return times.length === 0 ? undefined : Math.min(...times);
}

/** Things that a minute may have, after as many as have had their turn or have SUCCEEDED. */
function currentRate({ jobExecutionsRolloutConfig, rolledOut, counts }: Job): number {
	const { maximumPerMinute = MAX_PER_MINUTE, exponentialRate } = jobExecutionsRolloutConfig ?? {};
	if (exponentialRate === undefined) return maximumPerMinute;
	const { baseRatePerMinute, incrementFactor, rateIncreaseCriteria } = exponentialRate;
	const { numberOfNotifiedThings, numberOfSucceededThings = 1 } = rateIncreaseCriteria;
	const steps =
		numberOfNotifiedThings === undefined
			? (counts.SUCCEEDED ?? 0) / numberOfSucceededThings
			: rolledOut / numberOfNotifiedThings;
	return Math.min(maximumPerMinute, Math.floor(baseRatePerMinute * incrementFactor ** Math.floor(steps)));
}

function nextRollout(job: Job, now: Milliseconds): Milliseconds | undefined {
	if (!isRollingOut(job)) return undefined;
	const { minute } = job;
	if (minute === undefined || now >= minute.start + MINUTE_MS || minute.count < minute.rate) return now;
	return minute.start + MINUTE_MS;
}
