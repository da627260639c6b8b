import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { Command, command } from "../kit/command.js";

/** Whether somebody listens on a port of this machine. */
async function isOpen(port: number): Promise<boolean> {
	const socket = connect(port, "127.0.0.1");
	const answer = await new Promise<boolean>((resolve) => {
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
	});
	socket.destroy();
	return answer;
}

async function untilClosed(port: number): Promise<void> {
	while (await isOpen(port)) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe("iot-jobs emulate ends surely", function () {
	this.timeout(60_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(async () => {
		await iotJobs.run("stop", "--dir", iotJobs.directory);
		iotJobs.clear();
	});

	/** `emulate`, started by a shell as npx does it: the shell lives on when npm is ended. */
	async function throughNpm(...args: string[]) {
		const free = "--mqtt-port 0 --data-port 0 --control-port 0 --page-port 0 --json";
		const line = `"${process.execPath}" "${command}" emulate --dir "${iotJobs.directory}" --thing one ${free} ${args.join(" ")}; true`;
		const npm = `require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(line)}], { stdio: "inherit" })`;
		const env = { ...process.env, npm_command: "exec" };
		const child = iotJobs.keep(spawn(process.execPath, ["-e", npm], { env }));
		const [text] = await once(createInterface(child.stdout), "line");
		return { child, port: JSON.parse(text).mqtt.port as number };
	}

	it("with npx that was sent SIGTERM", async () => {
		const { child, port } = await throughNpm();
		assert.ok(await isOpen(port));
		child.kill("SIGTERM");
		await untilClosed(port);
	});

	it("by stop, also with --outlive; without an emulator stop is content", async () => {
		const { child, port } = await throughNpm("--outlive");
		child.kill("SIGKILL");
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		assert.ok(await isOpen(port), "it outlives");
		const { code, stdout } = await iotJobs.run("stop", "--dir", iotJobs.directory);
		assert.equal(code, 0);
		assert.match(stdout, /process \d+ has ended/);
		assert.equal(await isOpen(port), false);
		assert.match((await iotJobs.run("stop", "--dir", iotJobs.directory)).stdout, /no emulator uses it/);
	});
});
