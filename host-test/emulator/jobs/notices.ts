import type { JobExecution } from "../../../src/protocol/messages.js";
import { type Milliseconds, seconds } from "../base/time.js";
import { show } from "./execution.js";
import type { Result } from "./operations.js";
import { changedJobs, nextOf } from "./thing-jobs.js";

/** A notification to a thing: a message on `$aws/things/<thingName>/jobs/<name>`, for whoever has subscribed. */
export interface Notice {
	readonly thingName: string;
	readonly name: "notify" | "notify-next";
	readonly payload: object;
}

/** What devices are notified of after a command. Pure. @param toDevice the last change to an execution that is handed out */
export function noticesOf(
	{ state, notices }: Result,
	now: Milliseconds,
	toDevice: (execution: JobExecution) => JobExecution,
): Notice[] {
	const { thingName } = state;
	const timestamp = seconds(now);
	const list: Notice[] = [];
	if (notices.notify) list.push({ thingName, name: "notify", payload: { timestamp, jobs: changedJobs(state) } });
	if (notices.notifyNext) {
		const next = nextOf(state);
		const execution = next && toDevice(show(next, now));
		list.push({ thingName, name: "notify-next", payload: { timestamp, ...(execution && { execution }) } });
	}
	return list;
}
