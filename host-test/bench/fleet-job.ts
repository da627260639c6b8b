import { VirtualClock } from "../clock.js";
import { groupArn } from "../emulator/base/arn.js";
import { Emulator } from "../emulator/emulator.js";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { heap } from "./heap.js";
import { say, Table } from "./table.js";

/** The first is for the engine to warm up, and not printed. */
const SIZES = [1_000, 1_000, 10_000];

/** One job for a group of many things: created, rolled out, ended and listed over HTTP, with its state on disk. */
export async function benchFleetJob(): Promise<void> {
	say("One job for a group, over HTTP, with the state on disk: cost of an execution");
	const table = new Table("things", "create, roll out", "end", "list", "load after a restart", "heap");
	for (const [round, size] of SIZES.entries()) {
		const cells = await inTemporaryDirectory((directory) => measure(directory, size));
		if (round > 0) table.row(String(size), ...cells);
	}
}

async function measure(directory: string, size: number): Promise<string[]> {
	const clock = new VirtualClock();
	clock.hold();
	const start = () => Emulator.start({ directory, things: [], clock, persistent: true });
	const perExecution = async (work: () => unknown) => {
		const from = performance.now();
		await work();
		return `${(((performance.now() - from) * 1_000) / size).toFixed(1)} us`;
	};
	let emulator = await start();
	makeGroup(emulator, size);
	const before = heap();
	const rolledOut = await perExecution(async () => {
		const document = JSON.stringify({ operation: "reboot" });
		await call(emulator, "PUT", "/jobs/job", { targets: [groupArn("all")], document });
		for (let minute = 0; minute < size / 1_000; minute += 1) clock.advance(60_000);
	});
	const kilobytes = ((heap() - before) / size / 1_024).toFixed(2);
	const ended = await perExecution(() => endAll(emulator, size));
	const listed = await perExecution(() => list(emulator, size));
	await emulator.close();
	const restarted = await perExecution(async () => {
		emulator = await start();
	});
	await list(emulator, size);
	await emulator.close();
	return [rolledOut, ended, listed, restarted, `${kilobytes} KB`];
}

function makeGroup({ registry }: Emulator, size: number): void {
	registry.createGroup({ groupName: "all", parent: undefined, description: undefined, attributes: {} });
	for (let i = 0; i < size; i += 1) {
		registry.createThing(`thing-${i}`);
		registry.addToGroup("all", `thing-${i}`);
	}
}

function endAll({ service }: Emulator, size: number): void {
	for (let i = 0; i < size; i += 1) {
		service.execute(`thing-${i}`, { type: "update", jobId: "job", request: { status: "SUCCEEDED" } });
	}
	if (service.job("job")?.status !== "COMPLETED") throw new Error("the job is not complete");
}

/** Lists all executions, page by page. */
async function list(emulator: Emulator, size: number): Promise<void> {
	let seen = 0;
	let token = "";
	do {
		const path = `/jobs/job/things?maxResults=250${token && `&nextToken=${token}`}`;
		const { executionSummaries, nextToken = "" } = await call(emulator, "GET", path);
		seen += executionSummaries.length;
		token = nextToken;
	} while (token !== "");
	if (seen !== size) throw new Error(`${seen} of ${size} executions are listed`);
}

async function call({ addresses }: Emulator, method: string, path: string, body?: object) {
	const headers = { "content-type": "application/json" };
	const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
	const response = await fetch(addresses.control.url + path, init);
	if (!response.ok) throw new Error(await response.text());
	return (await response.json()) as { executionSummaries: object[]; nextToken?: string };
}
