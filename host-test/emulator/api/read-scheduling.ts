import { invalidRequest } from "../base/errors.js";
import { MINUTE_MS, type Milliseconds } from "../base/time.js";
import { END_BEHAVIORS, type Scheduling } from "../jobs/job-config.js";
import { type MaintenanceWindow, problemOfWindow } from "../jobs/maintenance-windows.js";
import { object, optionalObject, optionalOneOf, text, wholeNumber } from "./members.js";

/** Source: AWS IoT API reference, SchedulingConfig. A year and two, leap days included. */
const DAY_MS = 24 * 60 * MINUTE_MS;
const MIN_LEAD_MS = 30 * MINUTE_MS;
const MAX_START_MS = 366 * DAY_MS;
const MAX_END_MS = 732 * DAY_MS;

/**
 * When a job starts, is rolled out and ends, from the body of CreateJob.
 *
 * @param isContinuous only such jobs may have maintenance windows
 * @param ofTemplate the windows that such a job has unless it says others
 * @throws ServiceError
 */
export function readScheduling(
	value: unknown,
	isContinuous: boolean,
	now: Milliseconds,
	ofTemplate: readonly MaintenanceWindow[] = [],
): Scheduling | undefined {
	const inherited = isContinuous ? ofTemplate : [];
	const config = optionalObject("schedulingConfig", value);
	if (config === undefined) return inherited.length === 0 ? undefined : { maintenanceWindows: inherited };
	const startTime = readTime("schedulingConfig.startTime", config.startTime);
	const endTime = readTime("schedulingConfig.endTime", config.endTime);
	const endBehavior = optionalOneOf("schedulingConfig.endBehavior", config.endBehavior, END_BEHAVIORS);
	checkTimes(startTime, endTime, now);
	const windows = readWindows("schedulingConfig.maintenanceWindows", config.maintenanceWindows);
	if (windows !== undefined && windows.length > 0 && !isContinuous) {
		throw invalidRequest("schedulingConfig.maintenanceWindows: for CONTINUOUS jobs only");
	}
	return { startTime, endTime, endBehavior, maintenanceWindows: windows ?? inherited };
}

/** @throws ServiceError */
export function readWindows(name: string, value: unknown): readonly MaintenanceWindow[] | undefined {
	if (value === undefined || value === null) return undefined;
	if (!Array.isArray(value)) throw invalidRequest(`${name}: a list`);
	return value.map((window) => readWindow(name, window));
}

function checkTimes(startTime: Milliseconds | undefined, endTime: Milliseconds | undefined, now: Milliseconds): void {
	if (startTime !== undefined && (startTime < now + MIN_LEAD_MS || startTime > now + MAX_START_MS)) {
		throw invalidRequest("schedulingConfig.startTime: from 30 minutes to a year from now");
	}
	if (endTime !== undefined && (endTime < (startTime ?? now) + MIN_LEAD_MS || endTime > now + MAX_END_MS)) {
		throw invalidRequest("schedulingConfig.endTime: from 30 minutes after the start to two years from now");
	}
}

function readWindow(name: string, value: unknown): MaintenanceWindow {
	const { startTime, durationInMinutes } = object(name, value);
	const window = {
		startTime: text(`${name}.startTime`, startTime),
		durationInMinutes: wholeNumber(`${name}.durationInMinutes`, durationInMinutes),
	};
	const problem = problemOfWindow(window);
	if (problem !== undefined) throw invalidRequest(`${name}: ${problem}`);
	return window;
}

/** `YYYY-MM-DD HH:MM` in UTC; with a T or a space, with or without seconds and Z. */
function readTime(name: string, value: unknown): Milliseconds | undefined {
	if (value === undefined) return undefined;
	const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?Z?$/.exec(text(name, value));
	const time = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[3] ?? ":00"}Z`);
	if (Number.isNaN(time)) throw invalidRequest(`${name}: YYYY-MM-DDTHH:MM, in UTC`);
	return time;
}
