import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import exampleMain from "../../../examples/custom-handler/main.js";
import { type CommandHelp, commandHelps } from "../../tools/cli-help.js";
import { COLUMNS } from "../../tools/markdown.js";
import { ended, history } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const MAX_CELL = 60;

const docs = readdirSync(join(root, "docs")).map((file) => `docs/${file}`);
const examples = readdirSync(join(root, "examples"))
	.map((folder) => `examples/${folder}/README.md`)
	.filter((path) => existsSync(join(root, path)));
const pages = ["README.md", ...docs, ...examples];
/** Those that no generator writes. */
const written = docs.filter((path) => !read(path).startsWith("<!-- Generated"));

interface Found {
	readonly path: string;
	readonly words: readonly (string | undefined)[];
}

/** Every match in every page, where a line that ends in a backslash goes on in the next. */
function found(expression: RegExp): Found[] {
	return pages.flatMap((path) =>
		[
			...read(path)
				.replace(/\\\n\s*/g, "")
				.matchAll(expression),
		].map((match) => ({ path, words: [...match] })),
	);
}

/** As GitHub names a heading. */
function anchorsOf(page: string): string[] {
	return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replace(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

describe("README.md", () => {
	const readme = read("README.md");

	it("has at most 150 lines and 900 words", () => {
		const [lines, words] = [readme.trimEnd().split("\n").length, readme.trim().split(/\s+/).length];
		assert.ok(lines <= 150 && words <= 900, `${lines} lines, ${words} words`);
	});

	it("shows the handler that is tested below, word for word", () => {
		const handler = read("examples/custom-handler/blink.ts").trimEnd();
		assert.ok(readme.includes(handler));
	});

	it("lists every page of docs/", () => {
		assert.deepEqual(
			docs.filter((path) => !readme.includes(`](${path})`)),
			[],
		);
	});
});

describe("README.md, docs/ and the examples' pages", () => {
	let commands: Map<string, CommandHelp>;
	before(async () => {
		commands = new Map((await commandHelps()).map((command) => [command.name, command]));
	});

	it(`have at most ${COLUMNS} columns, pages of docs/ 60 to 150 lines`, () => {
		for (const path of pages) {
			const lines = read(path).trimEnd().split("\n");
			assert.deepEqual(
				lines.filter((line) => [...line].length > COLUMNS),
				[],
				path,
			);
			if (written.includes(path))
				assert.ok(lines.length >= 60 && lines.length <= 150, `${path}: ${lines.length} lines`);
		}
	});

	it(`have no table cell over ${MAX_CELL} characters`, () => {
		for (const path of pages) {
			const rows = read(path).match(/^\|.*\|$/gm) ?? [];
			const cells = rows.flatMap((row) => row.split("|").map((cell) => cell.trim()));
			assert.deepEqual(
				cells.filter((cell) => [...cell].length > MAX_CELL),
				[],
				path,
			);
		}
	});

	it("name only npm scripts that there are", () => {
		const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
		const named = found(/npm (?:run (?:-s )?([a-z0-9:]+)|(start|test|ci)\b)/g);
		assert.ok(named.length > 20);
		assert.deepEqual(
			named.filter(({ words: [, run, short] }) => short !== "ci" && !((run ?? short ?? "") in scripts)),
			[],
		);
	});

	it("name only commands and options of iot-jobs that there are", () => {
		const unknown = ({ words: [, name = "", rest = ""] }: Found) => {
			const flags = commands.get(name)?.options.map((option) => option.flags.split(" ")[0]);
			const used = rest.match(/--[a-z-]+/g) ?? [];
			return flags === undefined || used.some((flag) => flag !== "--help" && !flags.includes(flag));
		};
		const named = found(/(?:npx |`)iot-jobs ([a-z][a-z-]*)([^\n`|>#]*)/g);
		assert.ok(named.length > 20);
		assert.deepEqual(named.filter(unknown), []);
	});

	it("have links that lead to a file, and to a heading in it", () => {
		const isBroken = ({ path, words: [, link = ""] }: Found) => {
			const [file = "", anchor] = link.split("#");
			const target = file === "" ? path : join(dirname(path), file);
			if (!existsSync(join(root, target))) return true;
			return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
		};
		assert.deepEqual(found(/\]\((?!https:)([^)]*)\)/g).filter(isBroken), []);
	});

	it("name only files and folders of the project that there are", () => {
		const named = found(/`((?:src|host-test|examples|schema|docs)\/[\w./-]*)`/g);
		assert.deepEqual(
			named.filter(({ words: [, name = ""] }) => !existsSync(join(root, name))),
			[],
		);
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
