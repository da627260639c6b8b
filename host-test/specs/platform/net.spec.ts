import assert from "node:assert/strict";
import { runCalls } from "../kit/calls.js";
import { engines } from "../kit/engines.js";
import { Lab } from "../kit/lab.js";

for (const engine of engines)
	describe(`The host's net, in ${engine}`, () => {
		it("tells nothing of what it does not know, as the SDK's does", async () => {
			const lab = new Lab();
			try {
				const accessPoints = { home: { password: "secret", rssi: -61 } };
				const { results } = await lab.passing(runCalls(lab, engine, "main-net", { accessPoints }));
				assert.deepEqual(results, {
					"without Wi-Fi": '["none","none",[]]',
					IP: '"192.168.1.77"',
					SSID: '"home"',
					RSSI: "-61",
					DNS: '["192.168.1.1"]',
					CHANNEL: "6",
					GATEWAY: "undefined",
				});
			} finally {
				await lab.clear();
			}
		});
	});
