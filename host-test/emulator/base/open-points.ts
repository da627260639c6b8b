/** Something that nobody knows of AWS without asking the live service, and what was chosen here. */
export interface OpenPoint {
	readonly question: string;
	readonly choice: string;
}

/**
 * By name. Where a choice is made in the code, a comment says `Open point:` and the name; a spec holds the two against each
 * other, and docs/api.md shows the list.
 */
export const OPEN_POINTS: Readonly<Record<string, OpenPoint>> = {
	"status before version": {
		question: "which error wins when version and state are both wrong",
		choice: "the state's: a device has more use for the news that the execution has ended",
	},
	"update after the end": {
		question: "the code for updating an ended execution over MQTT",
		choice: "InvalidStateTransition with the execution's state, as the API's page says",
	},
	"step timer of a running one": {
		question: "a step timer in StartNext of a running execution",
		choice: "it is set",
	},
	"$next with a number": {
		question: "`$next` with an executionNumber",
		choice: "the number is passed over",
	},
	"QoS of answers": {
		question: "the QoS of answers",
		choice: "1 at most, and that of the request where it is lower; blocks of a stream 0",
	},
	"running ones are pending": {
		question: "whether GetPending hides IN_PROGRESS",
		choice: "it lists them, as its page's example does",
	},
	"thing's name over HTTPS": {
		question: "thingName over HTTPS",
		choice: "it is there; over MQTT it is not",
	},
	"seconds in events": {
		question: "seconds or milliseconds in event times",
		choice: "seconds, as in all else that devices are told",
	},
	"job for nobody": {
		question: "a job for an empty group",
		choice: "SNAPSHOT: COMPLETED at once; CONTINUOUS: IN_PROGRESS, for those that come",
	},
	"QUEUED when a window closes": {
		question: "executions QUEUED when a window closes",
		choice: "they wait for the next one; who names the job's id is told of it",
	},
	"more than ten retries": {
		question: "the error above ten retries in all",
		choice: "LimitExceeded",
	},
	"mismatch over HTTPS": {
		question: "the exception for a version mismatch over HTTPS",
		choice: "InvalidStateTransitionException, 409, whose message begins with VersionMismatch",
	},
	"retries of who has left": {
		question: "whether what runs in a thing that has left the group is tried again",
		choice: "not, since the thing is no target any more",
	},
	"rate of associated targets": {
		question: "whether the things of AssociateTargetsWithJob wait for the rollout rate",
		choice: "they do",
	},
	"after the last window": {
		question: "what holds after the end time, when no window opens any more",
		choice: "what was rolled out may be done at any time",
	},
	"fifteen in a list": {
		question: "whose scheduling configuration makes lists 15 long",
		choice: "that of any job that the thing has pending",
	},
	"group of several": {
		question: "which group's id ListJobs shows where a job has several",
		choice: "the first one's that is still there",
	},
	"size of a page": {
		question: "how long a page is where the client does not say",
		choice: "25",
	},
};
