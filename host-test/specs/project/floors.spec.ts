import assert from "node:assert/strict";
import { circles, type Imports, importsOf, sourcesUnder } from "../kit/imports.js";

/** A floor: folders (or files) that do not know each other, and know only what is below. Lowest first. */
type Floors = readonly (readonly string[])[];

const SRC: Floors = [
	["src/base"],
	["src/crypto", "src/protocol"],
	["src/agent"],
	["src/link", "src/storage"],
	["src/download", "src/platform"],
	["src/handlers"],
	["src/mqtt-agent.ts", "src/https-agent.ts"],
	["src/app"],
	["examples"],
];

const HOST: Floors = [
	["host-test/clock.ts", "host-test/temporary-directory.ts", "host-test/package-root.ts", "host-test/sdk"],
	["host-test/machine", "host-test/emulator/base"],
	["host-test/ecma419"],
	["host-test/emulator/jobs", "host-test/emulator/identity", "host-test/emulator/faults", "host-test/emulator/schemas"],
	["host-test/emulator/store", "host-test/emulator/broker"],
	["host-test/emulator/registry"],
	["host-test/emulator/api"],
	["host-test/emulator"],
	["host-test/device", "host-test/xs"],
	["host-test/fleet"],
	["host-test/face"],
	["host-test/index.ts"],
	["host-test/bench", "host-test/cli", "host-test/conformance"],
	["host-test/simulator", "host-test/tools"],
];

function floorOf(floors: Floors, file: string): { floor: number; room: string } | undefined {
	let best: { floor: number; room: string } | undefined;
	for (const [floor, rooms] of floors.entries())
		for (const room of rooms)
			if ((file === room || file.startsWith(`${room}/`)) && room.length > (best?.room.length ?? 0))
				best = { floor, room };
	return best;
}

/** One line for each import that does not go to a lower floor, and for each file without a floor. */
function violations(floors: Floors, imports: Imports): string[] {
	return [...imports].flatMap(([file, targets]) => {
		const from = floorOf(floors, file);
		if (from === undefined) return [`${file} stands on no floor`];
		return targets.flatMap((target) => {
			const to = floorOf(floors, target);
			return to === undefined || to.room === from.room || to.floor < from.floor ? [] : [`${file} imports ${target}`];
		});
	});
}

describe("The floors: a file imports from its own folder and from lower floors", () => {
	for (const [name, floors, folders] of [
		["src/ and examples/", SRC, ["src", "examples"]],
		["host-test/", HOST, ["host-test"]],
	] as const) {
		const imports = importsOf(folders.flatMap(sourcesUnder).filter((file) => !file.startsWith("host-test/specs/")));

		it(`${name}: no import goes upwards or sideways`, () => {
			assert.ok(imports.size > 20);
			assert.deepEqual(violations(floors, imports), []);
		});

		it(`${name}: no file reaches itself`, () => assert.deepEqual(circles(imports), []));
	}

	it("an import upwards, one sideways, and a circle are found", () => {
		const floors = [["low"], ["left", "right"]];
		const imports = new Map([
			["low/a.ts", ["left/b.ts"]],
			["left/b.ts", ["right/c.ts", "low/a.ts", "left/d.ts"]],
			["attic/e.ts", []],
		]);
		assert.deepEqual(violations(floors, imports), [
			"low/a.ts imports left/b.ts",
			"left/b.ts imports right/c.ts",
			"attic/e.ts stands on no floor",
		]);
		assert.deepEqual(circles(imports), ["low/a.ts -> left/b.ts -> low/a.ts"]);
	});
});
