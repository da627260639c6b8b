import { createInterface } from "node:readline";
import { Command, createJobAt } from "../kit/command.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs watch", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("tells what happens, line by line, and that the emulator has ended", async () => {
		const { child, addresses } = await iotJobs.emulate();
		const watching = iotJobs.start("watch", "--page", addresses.page.url);
		const lines: string[] = [];
		const said = (pattern: RegExp) =>
			new Promise<void>((resolve) => {
				const look = () => lines.some((line) => pattern.test(line)) && resolve();
				createInterface(watching.stdout).on("line", (line) => {
					lines.push(line);
					look();
				});
				look();
			});
		const ended = said(/^The emulator has ended/);
		const queued = said(/reboot-1 on one #1: QUEUED version 1/);
		await createJobAt(addresses, "reboot-1", { operation: "reboot" });
		await queued;
		child.kill("SIGTERM");
		await ended;
	});
});

describeMistakes("watch", [
	["--page nothing", 2, /the address that emulate prints/],
	["--page http://127.0.0.1:1/", 1, /there is no emulator's page/],
]);
