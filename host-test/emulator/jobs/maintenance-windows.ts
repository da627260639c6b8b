import { Cron } from "croner";
import { MINUTE_MS, type Milliseconds } from "../base/time.js";

/** When a CONTINUOUS job may be rolled out. Source: AWS IoT developer guide, "Scheduling jobs", recurring windows. */
export interface MaintenanceWindow {
	/** AWS's cron expression, in UTC: `cron(minutes hours day-of-month month day-of-week year)`. */
	readonly startTime: string;
	readonly durationInMinutes: number;
}

const MAX_MINUTES = 1_430;
/** AWS counts the days of the week from 1 (Sunday), the library croner from 0. */
const DAY_OF_WEEK = 4;

/** @throws with a sentence when it is no cron expression */
function cronOf(startTime: string): Cron {
	const fields = /^cron\((.+)\)$/.exec(startTime.trim())?.[1]?.trim().split(/\s+/) ?? [];
	if (fields.length !== 6) throw new Error("cron(minutes hours day-of-month month day-of-week year)");
	fields[DAY_OF_WEEK] = (fields[DAY_OF_WEEK] as string).replace(/(?<![#\w])[1-7](?!\w)/g, (day) =>
		String(Number(day) - 1),
	);
	return new Cron(["0", ...fields].join(" "), { timezone: "UTC", paused: true });
}

/** @returns what is wrong with it, or undefined */
export function problemOfWindow({ startTime, durationInMinutes }: MaintenanceWindow): string | undefined {
	if (!Number.isInteger(durationInMinutes) || durationInMinutes < 1 || durationInMinutes > MAX_MINUTES) {
		return `durationInMinutes: 1 to ${MAX_MINUTES}`;
	}
	try {
		cronOf(startTime);
		return undefined;
	} catch (error) {
		return `startTime: ${(error as Error).message}`;
	}
}

/** Whether a window is open. A job without windows may be rolled out at any time. */
export function isOpen(windows: readonly MaintenanceWindow[], now: Milliseconds): boolean {
	return windows.length === 0 || nextClosing(windows, now) !== undefined;
}

/** When the first of the windows that are open closes; undefined when none is. */
export function nextClosing(windows: readonly MaintenanceWindow[], now: Milliseconds): Milliseconds | undefined {
	const ends = windows.flatMap(({ startTime, durationInMinutes }) => {
		const duration = durationInMinutes * MINUTE_MS;
		// The first start after the earliest that could still be open.
		const start = cronOf(startTime)
			.nextRun(new Date(now - duration))
			?.getTime();
		return start !== undefined && start <= now && now < start + duration ? [start + duration] : [];
	});
	return ends.length === 0 ? undefined : Math.min(...ends);
}

/** When the next windows open, the earliest first. */
export function nextWindows(windows: readonly MaintenanceWindow[], now: Milliseconds, count = 1): Milliseconds[] {
	const starts = windows.flatMap(({ startTime }) =>
		cronOf(startTime)
			.nextRuns(count, new Date(now))
			.map((date) => date.getTime()),
	);
	return starts.sort((a, b) => a - b).slice(0, count);
}
