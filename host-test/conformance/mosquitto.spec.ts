import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAsync, type MqttClient } from "mqtt";
import { makeImage } from "../device/image.js";
import { EmulatorProcess, freePort, temporaryDirectory } from "./emulator-process.js";

/** Debian puts it where only the administrator's PATH looks. */
const mosquitto = ["/usr/sbin/mosquitto", "mosquitto"].find((path) => spawnSync(path, ["-h"]).error === undefined);
const policies = fileURLToPath(new URL("../policies/", import.meta.url));

if (mosquitto === undefined) {
	process.stdout.write("  MOSQUITTO IS NOT INSTALLED: nothing was tried with it. Debian: apt-get install mosquitto.\n");
} else {
	describe("Mosquitto as the broker (emulate --broker), with host-test/policies", function () {
		this.timeout(120_000);
		const children: ChildProcess[] = [];
		let directory: string;
		let port: number;
		let emulator: EmulatorProcess;
		let broker: ChildProcess;

		/** The configuration as it is documented, with this test's paths, port and user. */
		function startBroker(): ChildProcess {
			const file = join(directory, "mosquitto.conf");
			const text = readFileSync(join(policies, "mosquitto.conf"), "utf8")
				.replaceAll("my-emulator/", `${directory}/`)
				.replace("host-test/policies/", policies)
				.replace("listener 8883", `listener ${port} 127.0.0.1`);
			writeFileSync(file, `${process.getuid?.() === 0 ? "user root\n" : ""}${text}`);
			const child = spawn(mosquitto as string, ["-c", file], { stdio: "ignore" });
			children.push(child);
			return child;
		}

		function device(thing: string): ChildProcess {
			const child = emulator.device(thing, port, "--subscribe-answers");
			children.push(child);
			return child;
		}

		async function client(thing: string): Promise<MqttClient> {
			const options = { ...emulator.filesOf(thing), clientId: `${thing}-listener` };
			return await connectAsync(`mqtts://127.0.0.1:${port}`, options);
		}

		before(async () => {
			directory = temporaryDirectory();
			port = await freePort();
			// The service comes first, as it makes the certificates; it waits for the broker.
			const url = `mqtts://127.0.0.1:${port}`;
			const starting = EmulatorProcess.startIn(directory, "--broker", url, "--thing", "alpha", "--thing", "beta");
			while (!existsSync(join(directory, "service-key.pem"))) await delay(50);
			broker = startBroker();
			emulator = await starting;
		});
		after(async () => {
			for (const child of children) child.kill();
			await emulator.end();
		});

		it("a device does a job and a stream update over it, before and after a restart", async () => {
			assert.equal(emulator.addresses.mqtt.port, port);
			const running = device("alpha");
			await emulator.createJob("first", "alpha", { operation: "reboot" });
			assert.equal((await emulator.ended("alpha", "first")).status, "SUCCEEDED");

			const update = await emulator.publishStream(makeImage({ version: "2.0.0", programBytes: 40_000 }));
			await emulator.createJob("update", "alpha", update);
			const { status, statusDetails } = await emulator.ended("alpha", "update");
			assert.equal(status, "SUCCEEDED", JSON.stringify(statusDetails));

			broker.kill();
			await once(broker, "close");
			broker = startBroker();
			await emulator.createJob("later", "alpha", { operation: "diagnostics" });
			assert.equal((await emulator.ended("alpha", "later")).status, "SUCCEEDED");
			running.kill();
		});

		it("its rules keep things apart; a retained question is answered once", async () => {
			await emulator.createJob("own", "beta", { operation: "reboot" });
			const [alpha, beta] = [await client("alpha"), await client("beta")];
			const heard: string[] = [];
			for (const one of [alpha, beta]) {
				one.on("message", (topic) => heard.push(`${one.options.clientId} ${topic}`));
				await one.subscribeAsync(["alpha", "beta"].map((thing) => `$aws/things/${thing}/jobs/+/get/+`));
			}
			const ask = async (one: MqttClient, retain = false) => {
				await one.publishAsync("$aws/things/beta/jobs/own/get", "{}", { qos: 1, retain });
				await delay(300);
			};
			await ask(alpha);
			assert.deepEqual(heard, [], "alpha may not ask for beta");
			await ask(beta, true);
			const answered = ["beta-listener $aws/things/beta/jobs/own/get/accepted"];
			assert.deepEqual(heard, answered);
			// The service connects anew, and finds the question that lies there.
			const log = emulator.said(/ignored: a retained message on .*beta.jobs.own.get/);
			const fault = JSON.stringify({ action: "restart-broker", to: "service", topic: "*/get", times: "1" });
			const headers = { "content-type": "application/json" };
			const added = await fetch(`${emulator.addresses.page.url}faults`, { method: "POST", headers, body: fault });
			assert.ok(added.ok, await added.text());
			await ask(beta);
			await log;
			assert.deepEqual(heard, answered);
			await Promise.all([alpha.endAsync(), beta.endAsync()]);
		});
	});
}
