import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { EmulatorProcess } from "./emulator-process.js";

const chromium = ["/usr/bin/chromium", "chromium"].find((command) => spawnSync(command, ["--version"]).status === 0);
const contrast = readFileSync(new URL("contrast.js", import.meta.url), "utf8");
/** Where what a person would see is kept; git ignores it. */
const artefacts = fileURLToPath(new URL("artefacts/", import.meta.url));

if (chromium === undefined) {
	process.stdout.write(
		"  CHROMIUM IS NOT INSTALLED: the page was tried in no browser. Debian: apt-get install chromium.\n",
	);
} else {
	describe("The emulator's page, in Chromium", function () {
		this.timeout(60_000);
		let emulator: EmulatorProcess;
		let browser: Browser;
		let page: Page;
		const problems: string[] = [];
		before(async () => {
			mkdirSync(artefacts, { recursive: true });
			emulator = await EmulatorProcess.start("--thing", "lamp", "--thing", "door");
			browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
			page = await browser.newPage();
			page.setDefaultTimeout(10_000);
			page.on("pageerror", (error) => problems.push(String(error)));
			page.on("console", (message) => {
				if (message.type() === "error") problems.push(message.text());
			});
			page.on("request", (request) => {
				const url = request.url();
				if (!url.startsWith(emulator.addresses.page.url) && !url.startsWith("data:")) problems.push(`loads ${url}`);
			});
			await page.setViewport({ width: 1_200, height: 1_000 });
			await page.goto(emulator.addresses.page.url);
		});
		after(async () => {
			await browser.close();
			await emulator.end();
		});

		const says = async (selector: string, text: string) =>
			await page.waitForFunction(
				(where, what) => document.querySelector(where)?.textContent?.includes(what) === true,
				{},
				selector,
				text,
			);
		const shoot = async (name: string) =>
			void (await page.screenshot({ path: `${artefacts}${name}.png`, fullPage: true }));

		/** With the keyboard alone: on to the element with this key, and Enter. */
		async function press(key: string): Promise<void> {
			for (let i = 0; i < 60; i += 1) {
				await page.keyboard.press("Tab");
				const reached = await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.key);
				if (reached === key) return await page.keyboard.press("Enter");
			}
			throw new Error(`the keyboard does not reach ${key}`);
		}

		/** As a person would: again, if what was there has just been drawn anew. */
		const click = (selector: string) => page.locator(selector).click();

		it("shows the things, and turns a virtual device on by the keyboard", async () => {
			await says("#state", "connected");
			await says("#things", "lamp");
			await press("power lamp");
			await says("#things", "lamp online");
			await says("#things", "version 1.0.0");
		});

		it("creates a job, cuts the power while it runs, and shows it recover", async () => {
			await page.type('input[name="jobId"]', "update-1");
			await page.select('select[name="target"]', "thing/lamp");
			// The answer to the report before the reset comes late: there is time to cut the power.
			await click('[data-key="fault Delay everything by 2 s"]');
			await click("#new-job button");
			await says("#jobs", "update-1");
			await says("#timeline", "IN_PROGRESS");
			await click('[data-key="cut lamp"]');
			await says("#things", "lamp offline");
			await says("#timeline", "power off");
			await shoot("page-power-cut");
			await click('[data-key="fault clear"]');
			await click('[data-key="power lamp"]');
			await says("#jobs", "SUCCEEDED");
			for (const step of ["QUEUED", "IN_PROGRESS", "power off", "boot", "SUCCEEDED"]) await says("#timeline", step);
			const time = await page.$eval("#timeline time", (element) => element.textContent);
			assert.match(time ?? "", /^\d\d:\d\d:\d\d[.,]\d/);
			await says("#wire", "$aws/things/lamp/jobs/update-1/update");
			await shoot("page");
		});

		it("says what is wrong with a job that cannot be created", async () => {
			await page.type('input[name="jobId"]', "update-1");
			await click("#new-job button");
			await says("#form-error", "Job update-1 already exists");
		});

		it("filters the messages on the wire", async () => {
			await page.type("#filter", "notify-next");
			await page.waitForFunction(() =>
				[...document.querySelectorAll("#wire li")].every((row) => row.textContent?.includes("notify-next")),
			);
		});

		it("has enough contrast in dark mode, for every text", async () => {
			for (const value of ["light", "dark"]) {
				await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
				const lowest = (await page.evaluate(contrast)) as number;
				assert.ok(lowest >= 4.5, `${value}: a contrast of ${lowest.toFixed(2)}`);
				if (value === "dark") await shoot("page-dark");
			}
		});

		it("loads nothing from elsewhere, and logs no error", () => {
			assert.deepEqual(
				problems.filter((problem) => !problem.includes("400 (Bad Request)")),
				[],
			);
		});
	});
}
