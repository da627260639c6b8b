import assert from "node:assert/strict";
import fc from "fast-check";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice } from "../kit/lab.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";

type Published = Awaited<ReturnType<ScriptedBroker["next"]>>;

const number = fc.constantFrom<unknown>(1, 2, 3, 4, 0, -1, 1.5, 2 ** 53, "2", null);
const status = fc.constantFrom<unknown>(
	...["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELED", "TIMED_OUT", "REMOVED", "", "constructor", 5],
);
const document = fc.constantFrom<unknown>(
	...[{ operation: "reboot" }, { operation: "dance" }, { operation: { toString: 5 } }, {}, null, "x", [1]],
	{ operation: "erase", settings: true },
	{ operation: "ota", version: "2", url: "https://127.0.0.1:1/x", size: 5, sha256: "00".repeat(32) },
);
/** Checkpoints of every handler, or none, in what is not this device's own word. */
const details = fc.constantFrom<unknown>(
	...[
		undefined,
		null,
		7,
		{},
		{ checkpoint: "01" },
		{ checkpoint: 5 },
		{ checkpoint: "zz" },
		{ checkpoint: "00".repeat(97) },
	],
	{ checkpoint: `0301${"00100000"}${"00".repeat(32)}` },
	{ checkpoint: `0101${"05000000"}${"00".repeat(32)}` },
);
const anyExecution = fc.record({
	jobId: fc.constantFrom<unknown>("job", "other", "__proto__", "$next", "a/b", "", 5),
	executionNumber: number,
	versionNumber: number,
	status,
	jobDocument: document,
	statusDetails: details,
	approximateSecondsBeforeTimedOut: number,
});
const goodExecution = fc.record({ jobDocument: document, statusDetails: details }).map((members) => execution(members));
const anyAnswer = fc.record({
	accepted: fc.boolean(),
	members: fc.record(
		{
			code: fc.constantFrom<unknown>(
				...["InvalidJson", "VersionMismatch", "InvalidStateTransition", "TerminalStateReached", "ResourceNotFound"],
				...["RequestThrottled", "InternalError", "Teapot", "constructor", "__proto__", 7, null],
			),
			message: fc.constantFrom<unknown>("", "no", 5, null),
			execution: fc.oneof(goodExecution, anyExecution, fc.constantFrom<unknown>(null, 5, [])),
			executionState: fc.oneof(
				fc.record({ status, versionNumber: number }),
				fc.constantFrom<unknown>(null, 5, "x", []),
			),
		},
		{ requiredKeys: [] },
	),
});

for (const engine of engines)
	describe(`Arbitrary answers of the service, the agent in ${engine}`, () => {
		async function play(answers: readonly { accepted: boolean; members: object }[]): Promise<void> {
			const lab = new Lab();
			const broker = await ScriptedBroker.start();
			const agent = await programFor(engine);
			const device = await lab.deviceAt("127.0.0.1", broker.port, {
				credentials: await ScriptedBroker.credentials(),
				program: () => agent,
			});
			const last = { jobId: "last", versionNumber: 2, jobDocument: { operation: "diagnostics" } };
			const left = [...answers];
			const done = new Promise<void>((resolve) => {
				broker.on("publish", (request) => {
					const odd = left.shift();
					if (odd !== undefined) return answer(request, odd.accepted, odd.members);
					if (isOver(request)) resolve();
					honest(request);
				});
			});

			function answer({ topic, payload }: Published, accepted: boolean, members: object): void {
				const { clientToken } = payload;
				broker.send(`${topic}/${accepted ? "accepted" : "rejected"}`, { ...members, clientToken, timestamp: 1 });
			}

			/** A service that knows one job: the last. */
			function honest(request: Published): void {
				const { topic, payload } = request;
				const isLast = topic === topics.update("last") || topic === topics.describe("last");
				if (topic === topics.startNext || topic === topics.describe("$next") || topic === topics.describe("last")) {
					answer(request, true, { execution: execution(last) });
				} else if (isLast) {
					answer(request, true, { executionState: { status: payload.status, versionNumber: 3 } });
				} else answer(request, false, { code: "ResourceNotFound", message: "" });
			}

			// It tells what is next, again and again: an agent that was told that there is nothing does not ask by itself.
			const telling = setInterval(() => {
				// After answers that made no sense it may rest for an hour.
				if (device.lines.slice(-3).some((line) => line.includes("not asked yet"))) lab.clock.advance(600_000);
				broker.send(topics.notifyNext, { timestamp: 1, execution: execution(last) });
			}, 20);
			try {
				device.powerOn();
				await lab.passing(within(done, device), 2_000);
				assert.equal(device.aborts, 0);
			} finally {
				clearInterval(telling);
				await lab.clear();
				await broker.close();
			}
		}

		const isOver = ({ topic, payload }: Published) => topic === topics.update("last") && payload.status === "SUCCEEDED";

		/** Real time: the agent does not come to the next job. An hour, after an end that is refused, takes ten seconds. */
		async function within(event: Promise<void>, device: TestDevice): Promise<void> {
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<never>((_, reject) => {
				timer = setTimeout(() => reject(new Error(device.lines.slice(-30).join("\n"))), 40_000);
			});
			try {
				await Promise.race([event, late]);
			} finally {
				clearTimeout(timer);
			}
		}

		it("do no lasting harm: once the service is honest, the next job is done", async function () {
			this.timeout(240_000);
			await fc.assert(
				fc.asyncProperty(fc.array(anyAnswer, { maxLength: 6 }), async (answers) =>
					play(JSON.parse(JSON.stringify(answers))),
				),
				{ numRuns: engine === "node" ? 60 : 15 },
			);
		});
	});
