import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import httpsMain from "../../../examples/https/main.js";
import type { Machine } from "../../machine/machine.js";
import { xsProgram } from "../../xs/xs-app.js";
import { engines, xsApp } from "../kit/engines.js";
import { ended, history } from "../kit/executions.js";
import { publishImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { Switchboard } from "../kit/switchboard.js";

const main = fileURLToPath(new URL("../../../examples/https/main.ts", import.meta.url));

for (const engine of engines)
	describe(`Jobs over HTTPS, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let program: (machine: Machine) => void;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			program = engine === "node" ? httpsMain : xsProgram(await xsApp(main));
		});
		afterEach(() => lab.clear());

		async function polling(config: Record<string, unknown> = {}): Promise<TestDevice> {
			const { hostname, port } = new URL(emulator.addresses.data.url);
			const own = { host: hostname, port: Number(port), startJitterMs: 0, ...config };
			return await lab.device(emulator, { program: () => program, config: own });
		}

		const create = (jobId: string, document: Record<string, unknown> = { operation: "reboot" }) =>
			emulator.service.createJob({ jobId, targets: ["alpha"], document });

		it("are asked for, done and reported; then the agent rests, and asks again", async () => {
			lab.clock.hold(); // while the device rests nothing else keeps time from running
			const device = await polling({ pollMs: 600_000 });
			const messages: string[] = [];
			emulator.broker.on("message", ({ topic }) => messages.push(topic));
			const states = history(emulator, "job");
			create("job");
			create("unknown", { operation: "dance" });
			device.powerOn();
			// Slowly: a reset waits five seconds at most for the answer to its report.
			assert.equal((await lab.passing(ended(emulator, "job"), 20)).status, "SUCCEEDED");
			assert.deepEqual(
				states.map(({ status, versionNumber }) => `${status} ${versionNumber}`),
				["QUEUED 1", "IN_PROGRESS 2", "IN_PROGRESS 3", "SUCCEEDED 4"],
			);
			assert.equal((await lab.passing(ended(emulator, "unknown"))).statusDetails?.reason, "unknownOperation");
			await device.said(/nothing is pending/);
			await turns();
			create("later");
			const from = device.lines.length;
			lab.clock.advance(599_000);
			await turns();
			assert.equal(emulator.service.execution("alpha", "later")?.status, "QUEUED");
			lab.clock.advance(1_000);
			await lab.passing(ended(emulator, "later"));
			assert.ok(device.lines.slice(from).some((line) => line.includes("claimed later")));
			assert.deepEqual(messages, [], "nothing went over MQTT");
			assert.equal(device.aborts, 0);
		});

		it("may be firmware jobs", async () => {
			const device = await polling();
			create("update", publishImage(emulator).document);
			device.powerOn();
			assert.equal((await lab.passing(ended(emulator, "update"))).status, "SUCCEEDED");
			assert.equal(device.running?.version, "2.0.0");
			assert.equal(device.flash.bootData.states[device.running?.slot ?? 0], "VALID");
			assert.equal(device.aborts, 0);
		});

		for (const [what, fault] of [
			["a request that is lost", { action: "lose", topic: "*/start-next", times: 1 }],
			["an answer that never comes, three times", { action: "lose", topic: "*/update", times: 3 }],
			["a connection that is cut", { action: "cut", topic: "*/update", times: 2 }],
			["throttling", { action: "error", code: "RequestThrottled", times: 3 }],
			["a service that fails", { action: "error", code: "InternalError", times: 3 }],
			["another version than expected", { action: "error", code: "VersionMismatch", topic: "*/update", times: 1 }],
		] as const) {
			it(`${what} does a job no harm`, async () => {
				emulator.faults.add(fault);
				const device = await polling();
				create("job");
				device.powerOn();
				assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED", device.lines.join("\n"));
				assert.equal(device.boots, 2);
				assert.equal(device.aborts, 0);
			});
		}

		it("another version that is told as InvalidRequest: described, then reported again", async () => {
			emulator.faults.add({ action: "error", code: "InvalidRequest", topic: "*/jobs/job/update" });
			emulator.faults.add({ action: "delay", ms: 0, topic: "*/jobs/job/get", times: 1 });
			// As long as the version is not asked for, it is another one.
			emulator.faults.on("struck", (line) => line.includes("/get") && emulator.faults.clear());
			const device = await polling();
			create("job", { operation: "dance" });
			device.powerOn();
			await lab.passing(device.said(/rejected: InvalidRequest/));
			emulator.service.execute("alpha", {
				...{ type: "update", jobId: "job", request: { status: "IN_PROGRESS", statusDetails: { by: "another" } } },
			});
			const { status, statusDetails } = await lab.passing(ended(emulator, "job"));
			assert.deepEqual([status, statusDetails?.rejected], ["REJECTED", "InvalidRequest"], device.lines.join("\n"));
			assert.equal(device.lines.filter((line) => line.includes("rejected: ")).length, 1);
		});

		it("a service that is not there is asked again, with pauses, until it is", async () => {
			const { port } = new URL(emulator.addresses.data.url);
			const board = await Switchboard.open((socket) => socket.destroy());
			const device = await polling({ port: board.port });
			create("job");
			device.powerOn();
			await lab.passing(device.said(/connection given up: no answer from the Jobs service/));
			await lab.passing(device.said(/connecting again in \d+ ms/));
			board.target = Number(port);
			assert.equal((await lab.passing(ended(emulator, "job"))).status, "SUCCEEDED", device.lines.join("\n"));
			assert.equal(device.aborts, 0);
			await board.close();
		});

		it("a cancelled job is let go when its next report is refused", async () => {
			const device = await polling({ startJitterMs: 0 });
			emulator.faults.add({ action: "delay", ms: 5_000, topic: "*/update", times: 1 });
			create("job");
			create("next");
			device.powerOn();
			await device.said(/claimed job/);
			await turns();
			emulator.service.execute("alpha", { type: "cancel", jobId: "job", force: true });
			emulator.clock.advance(5_000);
			assert.equal((await lab.passing(ended(emulator, "next"))).status, "SUCCEEDED");
			assert.equal(emulator.service.execution("alpha", "job")?.status, "CANCELED");
		});

		it("a document larger than the buffer is REJECTED with the reason", async () => {
			const device = await polling();
			create("large", { operation: "reboot", padding: "x".repeat(5_000) });
			device.powerOn();
			const { status, statusDetails } = await lab.passing(ended(emulator, "large"));
			assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "documentTooLarge"]);
		});

		it("a power cut at any write or send of a reboot job: SUCCEEDED once", async function () {
			this.timeout(120_000);
			const run = async (jobId: string, at: number | undefined) => {
				const device = await polling();
				let operations = 0;
				device.on("operation", () => {
					operations += 1;
				});
				device.cut = at === undefined ? undefined : { at, moment: "after" };
				device.once("off", () => setImmediate(() => device.powerOn()));
				const states = history(emulator, jobId);
				create(jobId);
				device.powerOn();
				await lab.passing(ended(emulator, jobId));
				await lab.passing(device.said(/is over|is let go|nothing is pending/));
				device.removeAllListeners("off");
				device.cutPower();
				const terminal = states.filter(({ status }) => status !== "IN_PROGRESS" && status !== "QUEUED");
				assert.deepEqual(
					terminal.map(({ status }) => status),
					["SUCCEEDED"],
					`cut after operation ${at}: ${device.lines.join("\n")}`,
				);
				return operations;
			};
			const operations = await run("clean", undefined);
			for (let at = 0; at < operations; at += 1) await run(`cut-${at}`, at);
			process.stdout.write(`      ${operations} points\n`);
			assert.ok(operations > 15);
		});
	});
