import assert from "node:assert/strict";
import { engines, programFor } from "../kit/engines.js";
import { Lab, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

/** The first, and ten more: as often as AWS tries a job again. */
const RUNS = 11;

function tellOfNext(broker: ScriptedBroker, status: unknown, members: Record<string, unknown>): void {
	if (status !== "IN_PROGRESS") broker.send(topics.notifyNext, { timestamp: 1, execution: execution(members) });
}

for (const engine of engines)
	describe(`A job that is handed out again when it has ended, the agent in ${engine}`, () => {
		for (const [what, operation, boots, next] of [
			["with the next execution number", "diagnostics", 0, (n: number) => ({ executionNumber: n, versionNumber: 2 })],
			["with the same one", "diagnostics", 0, (n: number) => ({ executionNumber: 1, versionNumber: 2 * n })],
			["over the reset that it asks for", "reboot", RUNS, (n: number) => ({ executionNumber: n, versionNumber: 2 })],
		] as const) {
			it(`${what}: eleven runs, then an hour of rest`, async () => {
				const lab = new Lab();
				const broker = await ScriptedBroker.start();
				const program = await programFor(engine);
				const credentials = await ScriptedBroker.credentials();
				const device = await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
				let count = 0;
				let version = 0;
				const handOut = (request: Published) =>
					broker.accept(request, {
						execution: execution({ ...next(count), versionNumber: version, jobDocument: { operation } }),
					});
				const update = (request: Published) => {
					version += 1;
					const { status } = request.payload;
					broker.accept(request, { executionState: { status, versionNumber: version } });
					tellOfNext(broker, status, next(count + 1));
				};
				broker.on("publish", (request) => {
					if (request.topic === topics.update()) return update(request);
					if (request.topic === topics.startNext) {
						count += 1;
						version = next(count).versionNumber;
					}
					handOut(request);
				});
				device.powerOn();
				await lab.passing(device.said(/comes again and again/));
				assert.equal(count, RUNS, device.lines.slice(-30).join("\n"));
				assert.equal(device.boots, 1 + boots);
				for (let minute = 0; minute < 55; minute += 1) {
					lab.clock.advance(60_000);
					await turns(20);
				}
				assert.equal(count, RUNS);
				const from = device.lines.length;
				await lab.passing(device.said(/claimed job/, from));
				await lab.clear();
				await broker.close();
			});
		}
	});
