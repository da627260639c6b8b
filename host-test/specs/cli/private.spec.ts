import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { basicAuthorization } from "../../cli/page-password.js";
import { Command } from "../kit/command.js";

describe("iot-jobs emulate: what is its user's alone", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("nobody else reads what it writes, whatever the umask", async () => {
		const { addresses } = await iotJobs.emulate();
		const power = { method: "POST", headers: { "content-type": "application/json" } };
		await fetch(new URL("power", addresses.page.url), { ...power, body: '{"thing":"one","on":true}' });
		const open = (readdirSync(iotJobs.directory, { recursive: true }) as string[]).filter(
			(path) => (statSync(join(iotJobs.directory, path)).mode & 0o077) !== 0,
		);
		assert.deepEqual(open, []);
	});

	it("--access-key holds for the page: it asks for user and password", async () => {
		const { addresses } = await iotJobs.emulate("--access-key", "AKID", "--secret-key", "secret");
		const ask = async (path: string, authorization?: string) =>
			(await fetch(new URL(path, addresses.page.url), { headers: authorization ? { authorization } : {} })).status;
		for (const path of ["", "page.js", "events"]) assert.equal(await ask(path), 401, path);
		for (const [user, password] of [
			["AKID", ""],
			["AKID", "secret2"],
			["other", "secret"],
		] as const) {
			assert.equal(await ask("", basicAuthorization(user, password)), 401);
		}
		assert.equal(await ask("", basicAuthorization("AKID", "secret")), 200);
		const job = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
		assert.equal((await fetch(new URL("jobs", addresses.page.url), job)).status, 401);
	});

	it("a request of a foreign web page is refused by the page, also with the password", async () => {
		const { addresses } = await iotJobs.emulate("--access-key", "AKID", "--secret-key", "secret");
		const headers = { authorization: basicAuthorization("AKID", "secret"), origin: "https://evil.example" };
		assert.equal((await fetch(addresses.page.url, { headers })).status, 403);
	});
});
