import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Command } from "../kit/command.js";
import { ask } from "../kit/https-request.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs emulate", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("--json: the first line says where everything is; SIGTERM ends it cleanly", async () => {
		const { child, addresses } = await iotJobs.emulate("--thing", "two");
		assert.deepEqual(Object.keys(addresses), ["mqtt", "data", "control", "ca", "things", "page"]);
		assert.equal(addresses.mqtt.host, "127.0.0.1");
		assert.ok(addresses.mqtt.port > 0);
		assert.match(addresses.data.url, /^https:\/\/127\.0\.0\.1:\d+$/);
		assert.match(addresses.control.url, /^http:\/\/127\.0\.0\.1:\d+$/);
		assert.deepEqual(Object.keys(addresses.things), ["one", "two"]);
		for (const path of [addresses.ca, ...Object.values(addresses.things).flatMap((files) => Object.values(files))]) {
			assert.match(readFileSync(path, "utf8"), /^-----BEGIN /);
		}
		const key = addresses.things.one?.privateKey as string;
		assert.equal(statSync(key).mode & 0o077, 0, "nobody else reads the key");
		child.kill("SIGTERM");
		assert.deepEqual(await once(child, "close"), [0, null]);
	});

	it("says which port is in use, and leaves nothing running", async () => {
		const { addresses } = await iotJobs.emulate();
		const { port } = new URL(addresses.control.url);
		const free = ["--mqtt-port", "0", "--data-port", "0"];
		const other = join(iotJobs.directory, "other");
		const second = await iotJobs.run("emulate", "--dir", other, "--thing", "one", ...free, "--control-port", port);
		assert.equal(second.code, 1);
		assert.equal(second.stderr, `iot-jobs: port ${port} is in use; choose another one, or 0 for any that is free\n`);
	});

	it("--name is in the server's certificate, and a host of both HTTP faces", async () => {
		const { addresses } = await iotJobs.emulate("--host", "0.0.0.0", "--name", "jobs.example");
		const { certificate, privateKey } = addresses.things.one as { certificate: string; privateKey: string };
		const files = { ca: addresses.ca, cert: certificate, key: privateKey };
		const pem = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path)]));
		const socket = connectTls({ host: "127.0.0.1", port: addresses.mqtt.port, servername: "jobs.example", ...pem });
		await once(socket, "secureConnect");
		socket.destroy();
		for (const url of [addresses.control.url, addresses.page.url]) {
			const { port } = new URL(url);
			const statusOf = async (host: string) => {
				const asked = request({ host: "127.0.0.1", port, path: "/things", headers: { host } });
				asked.end();
				const [answer] = await once(asked, "response");
				return [answer.statusCode, (await answer.toArray()).join("")];
			};
			assert.notEqual((await statusOf("jobs.example"))[0], 403);
			const [status, text] = await statusOf("other.example");
			assert.equal(status, 403);
			assert.match(text, /start the emulator with --name other\.example, or with --access-key/);
		}
	});

	it("uses the keys that it finds in its directory", async () => {
		const first = await iotJobs.emulate();
		const before = readFileSync(first.addresses.things.one?.certificate as string);
		first.child.kill("SIGTERM");
		await once(first.child, "close");
		const second = await iotJobs.emulate();
		assert.deepEqual(second.addresses.ca, first.addresses.ca);
		assert.deepEqual(readFileSync(second.addresses.things.one?.certificate as string), before);
	});

	it("--fault and --policy do what they say, and the log says it", async () => {
		const policy = join(iotJobs.directory, "policy.json");
		const connect = { Effect: "Allow", Action: "iot:Connect", Resource: "arn:aws:iot:*:*:client/two" };
		writeFileSync(policy, JSON.stringify({ Version: "2012-10-17", Statement: connect }));
		const { child, addresses } = await iotJobs.emulate(
			...["--thing", "two", "--policy", `two=${policy}`],
			...["--fault", "error,thing=one,topic=*/get,code=RequestThrottled,times=1"],
		);
		const { url } = addresses.data;
		const keysOf = (thing: string) => {
			const { certificate, privateKey } = addresses.things[thing] as { certificate: string; privateKey: string };
			return { ca: readFileSync(addresses.ca), cert: readFileSync(certificate), key: readFileSync(privateKey) };
		};
		let log = "";
		child.stderr.on("data", (data) => (log += data));
		assert.equal((await ask(url, { path: "/things/one/jobs", ...keysOf("one") })).status, 429);
		assert.equal((await ask(url, { path: "/things/one/jobs", ...keysOf("one") })).status, 200);
		assert.equal((await ask(url, { path: "/things/two/jobs", ...keysOf("two") })).status, 403);
		child.kill("SIGTERM");
		await once(child, "close");
		assert.match(log, /^fault: error RequestThrottled, to service, \$aws\/things\/one\/jobs\/get$/m);
		assert.match(log, /^refused: client two, action iotjobsdata:GetPendingJobExecutions, resource thing\/two/m);
	});

	it("says which process uses its directory", async () => {
		const { child } = await iotJobs.emulate();
		const ports = "--mqtt-port 0 --data-port 0 --control-port 0 --page-port 0";
		const { code, stderr } = await iotJobs.run(...`emulate --dir ${iotJobs.directory} --thing one ${ports}`.split(" "));
		assert.equal(code, 1);
		assert.match(stderr, new RegExp(`state: process ${child.pid} uses it`));
	});

	it("starts where one was killed, also when its process number is another's by now", async () => {
		const { child } = await iotJobs.emulate();
		child.kill("SIGKILL");
		await once(child, "close");
		const lock = join(iotJobs.directory, "state", "process");
		const left = readFileSync(lock, "utf8");
		writeFileSync(lock, left.replace(String(child.pid), String(process.pid)));
		const { addresses } = await iotJobs.emulate();
		assert.ok(addresses.mqtt.port > 0);
	});

	it("--help says what a fault may be", async () => {
		assert.match(
			(await iotJobs.run("emulate", "--help")).stdout,
			/restart-service\s+the service starts again from its state/,
		);
	});
});

describeMistakes("emulate --dir DIR --thing one", [
	["--mqtt-port 70000", 2, /from 0 to 65535/],
	["--mqtt-port x", 2, /from 0 to 65535/],
	["--host 203.0.113.1", 1, /203\.0\.113\.1 is no address of this machine/],
	["--fault loose", 2, /unknown fault "loose"; there are lose/],
	["--fault error,code=LimitExceeded", 2, /for the operator's requests/],
	["--policy two=x", 2, /NAME=FILE, with a name that --thing has/],
	["--policy one=DIR/none", 2, /no such file/],
	["--policy one=COMMAND", 2, /not JSON/],
	["--access-key AKID", 2, /--access-key needs --secret-key/],
	["--secret-key s", 2, /--secret-key needs --access-key/],
	["--broker http://x", 2, /--broker: write mqtts:\/\/HOST:PORT/],
	["--broker mqtts://x/y", 2, /--broker: write mqtts:\/\/HOST:PORT/],
	["--broker-ca x", 2, /belong to --broker/],
	["--redis http://x", 2, /--redis: write redis:\/\/HOST:PORT/],
	["--redis redis://127.0.0.1:1", 1, /redis at 127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/],
	["--redis redis://x --broker mqtts://x", 2, /--redis is for the embedded broker/],
	["--broker mqtts://x --broker-ca DIR/none", 2, /--broker-ca .*no such file/],
	["--broker mqtts://x --broker-ca COMMAND", 2, /--broker-ca .*no PEM file/],
	["--broker mqtts://x --broker-certificate x", 2, /belong together/],
]);

describeMistakes("emulate", [
	["--thing one", 2, /--dir/],
	["--dir DIR", 2, /--thing NAME/],
	["--dir DIR --thing a/b", 1, /thing name "a\/b"/],
	["--dir /dev/null/x --thing one", 1, /\/dev\/null\/x/],
]);
