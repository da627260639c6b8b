import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { makeImage } from "../device/image.js";
import { command, EmulatorProcess, freePort, temporaryDirectory } from "./emulator-process.js";

const redis = ["redis-server"].find((path) => spawnSync(path, ["--version"]).error === undefined);

if (redis === undefined) {
	process.stdout.write("  REDIS IS NOT INSTALLED: no cluster was tried. Debian: apt-get install redis-server.\n");
} else {
	describe("Two brokers of a cluster over Redis (emulate --redis, and iot-jobs broker)", function () {
		this.timeout(120_000);
		const children: ChildProcess[] = [];
		let emulator: EmulatorProcess;
		/** The broker without the service. */
		let node: ChildProcess;
		let nodePort = 0;
		let url: string;

		async function startNode(port: number): Promise<ChildProcess> {
			const child = spawn(process.execPath, [
				...[command, "broker", "--dir", emulator.directory, "--redis", url, "--mqtt-port", String(port), "--json"],
			]);
			children.push(child);
			child.stderr.pipe(process.stderr);
			const [line] = (await once(createInterface(child.stdout), "line")) as [string];
			nodePort = JSON.parse(line).mqtt.port;
			return child;
		}

		function device(thing: string): ChildProcess {
			const child = emulator.device(thing, nodePort);
			children.push(child);
			return child;
		}

		async function client(port: number, clean = true): Promise<MqttClient> {
			const options = { ...emulator.filesOf("alpha"), clientId: "alpha", clean, reconnectPeriod: 0 };
			return await connectAsync(`mqtts://127.0.0.1:${port}`, options);
		}

		before(async () => {
			const port = await freePort();
			url = `redis://127.0.0.1:${port}`;
			const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", temporaryDirectory()];
			const server = spawn(redis, options, { stdio: "ignore" });
			children.push(server);
			while (
				spawnSync("redis-cli", ["-p", String(port), "ping"])
					.stdout.toString()
					.trim() !== "PONG"
			)
				await delay(50);
			emulator = await EmulatorProcess.start("--redis", url, "--thing", "alpha", "--thing", "beta");
			node = await startNode(0);
		});
		after(async () => {
			await emulator.end();
			for (const child of children) child.kill();
		});

		it("a device at the other broker does a job and an update by a file stream", async () => {
			const running = device("alpha");
			await emulator.createJob("first", "alpha", { operation: "reboot" });
			assert.equal((await emulator.ended("alpha", "first")).status, "SUCCEEDED");
			const update = await emulator.publishStream(makeImage({ version: "2.0.0", programBytes: 40_000 }));
			await emulator.createJob("update", "alpha", update);
			const { status, statusDetails } = await emulator.ended("alpha", "update");
			assert.equal(status, "SUCCEEDED", JSON.stringify(statusDetails));

			node.kill();
			await once(node, "close");
			node = await startNode(nodePort);
			await emulator.createJob("later", "alpha", { operation: "diagnostics" });
			assert.equal((await emulator.ended("alpha", "later")).status, "SUCCEEDED");
			running.kill();
		});

		it("a client that moves to the other broker keeps its session", async () => {
			const heard: string[] = [];
			const hear = (one: MqttClient) => one.on("message", (_topic, payload) => heard.push(payload.toString()));
			const first = hear(await client(nodePort, false));
			await first.subscribeAsync("$aws/things/alpha/jobs/notify-next", { qos: 1 });
			await first.endAsync(true);
			await emulator.createJob("missed", "alpha", { operation: "reboot" });
			const second = hear(await client(emulator.addresses.mqtt.port, false));
			while (heard.length === 0) await delay(50);
			assert.match(String(heard[0]), /"jobId":"missed"/);
			const lost = new Promise<void>((resolve) => second.once("close", () => resolve()));
			const third = await client(nodePort);
			await lost;
			await third.endAsync();
		});
	});
}
