import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readCensus } from "../../xs/census.js";
import { chipHeaps, firstTrace, xsProgram } from "../../xs/xs-app.js";
import type { XsMachine } from "../../xs/xs-machine.js";
import type { Sample } from "../../xs/xs-process.js";
import { engines, xsApp } from "../kit/engines.js";
import { Lab, turns } from "../kit/lab.js";

if (engines.includes("xs")) {
	describe("What XS on the host says of memory", () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("code and texts of modules take none, and functions have no name: xsl", async () => {
			const app = await xsApp(fileURLToPath(new URL("../kit/xs-main-linked.ts", import.meta.url)));
			assert.deepEqual(JSON.parse(await firstTrace(app)), { chunksPerFunction: 0, chunksPerText: 0, own: [] });
		});

		it("the census finds every slot and chunk of the agent's, and whose it is", async () => {
			const app = await xsApp();
			const { machine } = await atRest();
			const { slots, chunks } = await machine.collect();
			const holdings = readCensus(await machine.census());
			const sum = (name: "slots" | "chunks") => holdings.reduce((total, holding) => total + holding[name], 0);
			assert.deepEqual([sum("slots"), sum("chunks")], [slots - app.base.slots, chunks - app.base.chunks]);
			const reader = holdings.find(({ owner }) => owner === "MqttReader");
			assert.deepEqual([reader?.instances, (reader?.chunks ?? 0) >= 4_096], [1, true]);
			const socket = holdings.find(({ owner }) => owner === "TCP");
			assert.ok((socket?.slots ?? 0) >= 10, "the guards of the socket are missing");
		});

		it("the live peak has no garbage in it, and is no less than what stays", async () => {
			const samples: Sample[] = [];
			const { machine } = await atRest({ everyNth: 7, samples });
			const rest = await machine.collect();
			const { livePeak, peakSlots } = samples.at(-1) as Sample;
			assert.ok(livePeak.slots >= rest.slots && livePeak.chunks >= rest.chunks);
			assert.ok(livePeak.bytes <= livePeak.slots * rest.slotBytes + livePeak.chunks);
			assert.ok(livePeak.slots <= peakSlots);
		});

		async function atRest({ everyNth = 0, samples = [] as Sample[] } = {}): Promise<{ machine: XsMachine }> {
			const app = await xsApp();
			const machines: XsMachine[] = [];
			const onMachine = (machine: XsMachine) => {
				machines.push(machine);
				if (everyNth > 0) machine.watchLive(everyNth);
			};
			const onSample = (sample: Sample) => samples.push(sample);
			const options = { heaps: chipHeaps(app), onMachine, onSample };
			const device = await lab.device(await lab.emulator(), { program: () => xsProgram(app, options) });
			device.powerOn();
			await device.said(/nothing is pending/);
			await turns(50);
			return { machine: machines[0] as XsMachine };
		}
	});
}
