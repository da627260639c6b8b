import type { DeviceStatus, StatusDetails } from "../protocol/messages.js";

/** What an application may show on a display or send elsewhere: `MqttAgentOptions.onEvent`. */
export type AgentEvent =
	/** The connection is up and the service can be asked; or it is gone. */
	| { readonly type: "online" }
	| { readonly type: "offline" }
	/** An execution was handed out by the service, or found in the record after a reset. */
	| { readonly type: "claimed"; readonly jobId: string; readonly executionNumber: number }
	/** The service has taken a report. A status other than IN_PROGRESS ends the execution. */
	| {
			readonly type: "reported";
			readonly jobId: string;
			readonly executionNumber: number;
			readonly status: DeviceStatus;
			readonly details: StatusDetails | undefined;
	  }
	/** The execution was taken away: cancelled, deleted, timed out, run by another client. */
	| { readonly type: "released"; readonly jobId: string; readonly executionNumber: number; readonly why: string }
	/** The service has nothing to do for this device. */
	| { readonly type: "idle" }
	| { readonly type: "error"; readonly text: string };

/** Since the start of the device. */
export class Counters {
	/** Connections that came about. */
	connections = 0;
	/** Requests to the service, those that were sent again not counted. */
	requests = 0;
	/** Requests that were sent again, word for word, because no answer came. */
	resends = 0;
	rejections = 0;
	/** Messages dropped: wrong topic, unreadable, or not the awaited answer. */
	ignored = 0;
	/** Writes of the execution record. */
	recordWrites = 0;
}
