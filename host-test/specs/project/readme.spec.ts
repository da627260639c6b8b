import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import exampleMain from "../../../examples/custom-handler/main.js";
import { ended, history } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");

describe("README.md", () => {
	const readme = read("README.md");

	it("names only npm commands that exist", () => {
		const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
		const named = [...readme.matchAll(/npm (?:run )?([a-z0-9:]+)/g)].map((match) => match[1] as string);
		assert.ok(named.length > 5, named.join());
		for (const name of named) assert.ok(name === "ci" || name in scripts, `npm ${name}`);
	});

	it("shows the handler that is tested below, word for word", () => {
		const handler = read("examples/custom-handler/blink.ts").trimEnd();
		assert.ok(readme.includes(handler));
	});
});

describe("The handler of README.md", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("goes on after a power cut where it was", async () => {
		const emulator = await lab.emulator();
		const device = await lab.device(emulator, { program: () => exampleMain });
		const states = history(emulator, "blink");
		emulator.service.createJob({ jobId: "blink", targets: ["alpha"], document: { operation: "blink", times: 3 } });
		device.powerOn();
		await device.said(/blink 1/);
		device.reset();
		await device.said(/blink 2/);
		lab.clock.advance(500);
		await device.said(/blink 3/);
		lab.clock.advance(500);
		assert.deepEqual((await ended(emulator, "blink")).statusDetails, { blinks: "3" });
		const blinks = device.lines.filter((line) => line.includes("blink: blink"));
		assert.equal(blinks.length, 3, "none was done twice");
		assert.ok(states.length > 3);
		await device.said(/^example: idle/);
		const told = device.lines
			.filter((line) => line.startsWith("example: "))
			.map((line) => line.slice("example: ".length));
		assert.deepEqual(
			[...new Set(told)],
			["online", "works on blink", "blink is IN_PROGRESS", "blink is SUCCEEDED", "idle"],
		);
	});
});
