import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import httpsMain from "../../../examples/https/main.js";
import { xsProgram } from "../../xs/xs-app.js";
import { type Engine, engines, programFor, xsApp } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab, type TestDevice } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

const httpsPath = fileURLToPath(new URL("../../../examples/https/main.ts", import.meta.url));

/** As in src/protocol/answers.ts; the message, its execution and the document are three levels of it. */
const MAX_DEPTH = 24;
const LEVELS = MAX_DEPTH - 3;

/** JSON of so many levels. */
const FORMS = {
	arrays: (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`,
	objects: (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`,
};

for (const engine of engines)
	describe(`A nested message, the agent in ${engine}`, () => {
		let lab: Lab;
		let broker: ScriptedBroker;
		beforeEach(async () => {
			lab = new Lab();
			broker = await ScriptedBroker.start();
		});
		afterEach(async () => {
			await lab.clear();
			await broker.close();
		});

		async function device(): Promise<TestDevice> {
			const program = await programFor(engine);
			const credentials = await ScriptedBroker.credentials();
			return await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
		}

		/** An answer whose execution has a member that is JSON as it stands. */
		function handOut({ topic, payload }: Published, name: string, json: string): void {
			const members = JSON.stringify(execution({ [name]: "?" })).replace('"?"', json);
			broker.send(`${topic}/accepted`, `{"clientToken":"${payload.clientToken}","timestamp":1,"execution":${members}}`);
		}

		for (const [form, nested] of Object.entries(FORMS)) {
			for (const levels of [LEVELS, 150, 1_500].filter((count) => nested(count).length < 3_500)) {
				it(`of ${levels + 1} levels of ${form} too many is REJECTED, with no reset`, async () => {
					const alpha = await device();
					alpha.powerOn();
					handOut(await broker.next(), "jobDocument", `{"operation":"dance","a":${nested(levels + 1)}}`);
					const describe = await broker.next();
					assert.deepEqual([describe.topic, describe.payload.includeJobDocument], [topics.describe("$next"), false]);
					broker.accept(describe, { execution: execution({ jobDocument: undefined }) });
					const { payload } = await broker.next();
					assert.deepEqual([payload.status, payload.statusDetails], ["REJECTED", { reason: "documentTooLarge" }]);
					assert.equal(alpha.aborts, 0);
				});
			}

			for (const [what, document] of [
				["an operation", `{"operation":${nested(LEVELS)}}`],
				["a setting", `{"operation":"config","settings":{"app":${nested(LEVELS - 2)}}}`],
				["an unread member", `{"operation":"dance","a":${nested(LEVELS)}}`],
			] as const) {
				it(`as deep as may be, ${form} in ${what}: it ends, with no reset`, async () => {
					const alpha = await device();
					alpha.powerOn();
					handOut(await broker.next(), "jobDocument", document);
					let update = await broker.next();
					for (let more = 0; update.payload.status === "IN_PROGRESS" && more < 9; more += 1) {
						broker.accept(update, { executionState: { status: "IN_PROGRESS", versionNumber: 3 + more } });
						update = await broker.next();
						if (update.topic === topics.describe()) {
							handOut(update, "jobDocument", document);
							update = await broker.next();
						}
					}
					assert.notEqual(update.payload.status, "IN_PROGRESS");
					assert.equal(alpha.aborts, 0, alpha.lines.join("\n"));
				});
			}

			for (const [what, say] of [
				["a notification", () => broker.send(topics.notifyNext, `{"execution":${nested(600)}}`)],
				["an answer's status details", (asked: Published) => handOut(asked, "statusDetails", nested(600))],
				[
					"a rejection",
					({ topic }: Published) => broker.send(`${topic}/rejected`, `{"code":"InvalidRequest","a":${nested(600)}}`),
				],
			] as const) {
				it(`${form} in ${what} resets nothing; the next answer is taken`, async () => {
					const alpha = await device();
					alpha.powerOn();
					const asked = await broker.next();
					const next = broker.next();
					say(asked);
					await alpha.said(/nested too deep/);
					if (what === "a notification")
						broker.accept(asked, { execution: execution({ jobDocument: { operation: "x" } }) });
					else broker.accept(await next, { execution: execution({ jobDocument: undefined }) });
					await alpha.said(/claimed job/);
					assert.equal(alpha.aborts, 0);
				});
			}
		}

		it("over HTTPS, where the document is text within text, is REJECTED too", () => overHttps(lab, engine));
	});

async function overHttps(lab: Lab, engine: Engine): Promise<void> {
	const emulator = await lab.emulator();
	const program = engine === "node" ? httpsMain : xsProgram(await xsApp(httpsPath));
	const { hostname, port } = new URL(emulator.addresses.data.url);
	const config = { host: hostname, port: Number(port), startJitterMs: 0 };
	const alpha = await lab.device(emulator, { program: () => program, config });
	const document = JSON.parse(`{"operation":"dance","a":${FORMS.arrays(MAX_DEPTH)}}`);
	emulator.service.createJob({ jobId: "job", targets: ["alpha"], document });
	alpha.powerOn();
	const { status, statusDetails } = await lab.passing(ended(emulator, "job"));
	assert.deepEqual([status, statusDetails], ["REJECTED", { reason: "documentTooLarge" }]);
	assert.equal(alpha.aborts, 0);
}
