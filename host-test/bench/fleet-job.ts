import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../clock.js";
import { groupArn } from "../emulator/base/arn.js";
import { Emulator } from "../emulator/emulator.js";
import { heap } from "./heap.js";

/** The first is for the engine to warm up, and not printed. */
const SIZES = [1_000, 1_000, 10_000];

/** One job for a group of many things, created, rolled out, ended and listed over HTTP, with its state on disk. */
export async function benchFleetJob(say: (text?: string) => void): Promise<void> {
	say("One job for a group, over HTTP, with the state on disk: what an execution costs");
	say("  things   create, roll out      end     list   after a restart     heap");
	for (const [round, size] of SIZES.entries()) {
		const directory = mkdtempSync(join(tmpdir(), "iot-jobs-bench-"));
		const clock = new VirtualClock();
		clock.hold();
		const start = () => Emulator.start({ directory, things: [], clock, persistent: true });
		let emulator = await start();
		const call = async (method: string, path: string, body?: object) => {
			const url = emulator.addresses.control.url + path;
			const headers = { "content-type": "application/json" };
			const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
			if (!response.ok) throw new Error(await response.text());
			return (await response.json()) as { executionSummaries: object[]; nextToken?: string };
		};
		const each = async (work: () => unknown) => {
			const from = performance.now();
			await work();
			return `${(((performance.now() - from) * 1_000) / size).toFixed(1)} us`;
		};
		emulator.registry.createGroup({ groupName: "all", parent: undefined, description: undefined, attributes: {} });
		for (let i = 0; i < size; i += 1) {
			emulator.registry.createThing(`thing-${i}`);
			emulator.registry.addToGroup("all", `thing-${i}`);
		}
		const before = heap();
		const list = async () => {
			let seen = 0;
			let token = "";
			do {
				const { executionSummaries, nextToken = "" } = await call(
					"GET",
					`/jobs/job/things?maxResults=250${token && `&nextToken=${token}`}`,
				);
				seen += executionSummaries.length;
				token = nextToken;
			} while (token !== "");
			if (seen !== size) throw new Error(`${seen} of ${size} executions are listed`);
		};
		const document = JSON.stringify({ operation: "reboot" });
		const rolledOut = await each(async () => {
			await call("PUT", "/jobs/job", { targets: [groupArn("all")], document });
			for (let minute = 0; minute < size / 1_000; minute += 1) clock.advance(60_000);
		});
		const kilobytes = ((heap() - before) / size / 1_024).toFixed(2);
		const ended = await each(() => {
			for (let i = 0; i < size; i += 1) {
				emulator.service.execute(`thing-${i}`, { type: "update", jobId: "job", request: { status: "SUCCEEDED" } });
			}
		});
		if (emulator.service.job("job")?.status !== "COMPLETED") throw new Error("the job is not complete");
		const listed = await each(list);
		await emulator.close();
		const restarted = await each(async () => {
			emulator = await start();
		});
		await list();
		await emulator.close();
		rmSync(directory, { recursive: true, force: true });
		if (round === 0) continue;
		const cells = [rolledOut.padStart(19), ended.padStart(8), listed.padStart(8), restarted.padStart(17)];
		say(`  ${String(size).padStart(6)} ${cells.join(" ")} ${kilobytes.padStart(5)} KB`);
	}
}
