import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reachOf, runtimeImports } from "../../tools/parts.js";
import { prepareXsApp } from "../../xs/xs-app.js";
import { engines, xsApp } from "../kit/engines.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const NOTHING = join(root, "host-test/specs/kit/xs-main-nothing.ts");

/**
 * What the agent takes of the flash, with at most 3 % of room: bytes of byte code, and the slots of what it declares. Preloaded, a
 * slot has 16 bytes there.
 */
const APPS: readonly [what: string, main: string, code: number, slots: number][] = [
	["core with `reboot`", "examples/minimal/main.ts", 49_900, 3_720],
	["core with `ota` over HTTPS", "examples/ota/main.ts", 76_000, 5_330],
	["everything", "src/app/main.ts", 107_000, 7_520],
];

/** The modules of the platform that an app reaches. */
function platformOf(main: string): string[] {
	const imports = runtimeImports(`../${main.replace(/\.ts$/, "")}`).map((one) => one.replace("iot-jobs/", ""));
	return [...reachOf(imports).platform];
}

if (engines.includes("xs")) {
	describe("In flash, as XS of this machine has it", function () {
		this.timeout(60_000);

		async function measured(main: string, platform: readonly string[] = []) {
			const { engine } = await xsApp();
			const directory = mkdtempSync(join(tmpdir(), "iot-jobs-flash-"));
			const { base, modules } = await prepareXsApp(engine, directory, { main, platform, freeze: false });
			rmSync(directory, { recursive: true });
			const agent = modules.filter(({ name }) => name.startsWith("src/"));
			return { slots: base.slots, code: agent.reduce((sum, { code }) => sum + code, 0), engine };
		}

		for (const [what, main, code, slots] of APPS) {
			it(`${what} takes no more than docs/memory.md says`, async () => {
				const whole = await measured(join(root, main));
				const rest = await measured(NOTHING, platformOf(main));
				const own = whole.slots - rest.slots;
				const message = `${whole.code} bytes of byte code, ${own} slots: ${whole.code + 16 * own} bytes`;
				process.stdout.write(`      ${message}\n`);
				if (whole.engine.bits === 64) return;
				for (const [value, most] of [
					[whole.code, code],
					[own, slots],
				] as const) {
					assert.ok(value <= most && value * 1.03 >= most, `${message}; at most ${most}, and no more than 3 % of room`);
				}
			});
		}

		it("docs/memory.md has these figures", () => {
			const memory = readFileSync(join(root, "docs/memory.md"), "utf8");
			for (const [what, , code, slots] of APPS) {
				const cells = [what, ...[code, slots, code + 16 * slots].map((value) => value.toLocaleString("en-US"))];
				assert.match(memory, new RegExp(`\\| +${cells.join(" +\\| +")} +\\|`));
			}
		});
	});
}
