import assert from "node:assert/strict";
import { RecordStore, type SlotStorage } from "../../../src/agent/record-store.js";
import { RECORD_BYTES } from "../../../src/protocol/record.js";
import { engines, programFor } from "../kit/engines.js";
import { Lab, type TestDevice } from "../kit/lab.js";
import { execution, ScriptedBroker, topics } from "../kit/scripted-broker.js";

const KEYS = ["a", "b"] as const;
const job = execution({ jobDocument: { operation: "diagnostics" } });

for (const engine of engines)
	describe(`A record damaged before the end is reported, the agent in ${engine}`, () => {
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

		/** A device whose job has ended; its power is off, and no report was answered. */
		async function endedDevice(): Promise<TestDevice> {
			const program = await programFor(engine);
			const credentials = await ScriptedBroker.credentials();
			const device = await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
			device.powerOn();
			broker.accept(await broker.next(), { execution: job });
			const { payload } = await broker.next();
			assert.equal(payload.status, "SUCCEEDED");
			device.cutPower();
			return device;
		}

		function flipped(device: TestDevice, key: string, bit: number): Uint8Array {
			const bytes = Uint8Array.from(device.flash.readKey("iot-jobs", key) ?? []);
			assert.equal(bytes.byteLength, RECORD_BYTES);
			bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
			return bytes;
		}

		it("tells the end with any single bit of either slot flipped", async () => {
			const device = await endedDevice();
			for (const [damaged, key] of KEYS.entries()) {
				for (let bit = 0; bit < RECORD_BYTES * 8; bit += 1) {
					const bytes = flipped(device, key, bit);
					const other = device.flash.readKey("iot-jobs", KEYS[1 - damaged] as string);
					const slots: SlotStorage = {
						read: (slot) => (slot === damaged ? bytes : other && Uint8Array.from(other)),
						write: () => assert.fail("nothing is written"),
					};
					const store = new RecordStore(slots);
					store.load();
					const { jobId, pending, held } = store.record;
					assert.deepEqual([jobId, pending, held], ["job", "SUCCEEDED", true], `bit ${bit} of slot ${key}`);
				}
			}
		});

		it("does not run the job twice, and reports its end", async () => {
			for (let bit = 3; bit < RECORD_BYTES * 8; bit += engine === "xs" ? 800 : 200) {
				for (const key of KEYS) {
					const device = await endedDevice();
					device.flash.writeKey("iot-jobs", key, flipped(device, key, bit));
					const next = broker.next();
					device.powerOn();
					const describe = await next;
					// Without the document no handler runs.
					const asked = [describe.topic, describe.payload.includeJobDocument];
					assert.deepEqual(asked, [topics.describe(), false], `bit ${bit} of slot ${key}`);
					broker.accept(describe, { execution: job });
					assert.equal((await broker.next()).payload.status, "SUCCEEDED");
					assert.equal(device.lines.filter((line) => line.includes("claimed job")).length, 1);
					device.cutPower();
				}
			}
		});
	});
