import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { run as runCommand } from "../../cli/main.js";
import { makeImage } from "../../device/image.js";
import type { EmulatorAddresses } from "../../emulator/emulator.js";
import { engines } from "../kit/engines.js";
import { ask } from "../kit/https.js";

const command = fileURLToPath(new URL("../../cli/iot-jobs.js", import.meta.url));

interface Ended {
	code: number | null;
	stdout: string;
	stderr: string;
}

describe("The iot-jobs command", function () {
	this.timeout(30_000);
	let directory: string;
	const children: ChildProcessWithoutNullStreams[] = [];
	beforeEach(() => {
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-command-"));
	});
	afterEach(() => {
		for (const child of children.splice(0)) child.kill("SIGKILL");
		rmSync(directory, { recursive: true, force: true });
	});

	function start(...args: string[]): ChildProcessWithoutNullStreams {
		const child = spawn(process.execPath, [command, ...args]);
		children.push(child);
		return child;
	}

	async function run(...args: string[]): Promise<Ended> {
		const child = start(...args);
		const ended: Ended = { code: null, stdout: "", stderr: "" };
		child.stdout.on("data", (data) => (ended.stdout += data));
		child.stderr.on("data", (data) => (ended.stderr += data));
		[ended.code] = await once(child, "close");
		return ended;
	}

	/** In this process: what a mistake costs is not a second. That the command does the same is tried once, below. */
	async function runHere(...args: string[]): Promise<Pick<Ended, "code" | "stderr">> {
		const { write } = process.stderr;
		let stderr = "";
		process.stderr.write = ((text: string) => {
			stderr += text;
			return true;
		}) as typeof write;
		try {
			const code = await runCommand(["node", "iot-jobs", ...args]);
			return { code, stderr };
		} finally {
			process.stderr.write = write;
		}
	}

	it("tells a mistake in one line, and its exit code is 2", async () => {
		const { code, stdout, stderr } = await run("simulate", "--thing", "a/b");
		assert.deepEqual([code, stdout], [2, ""]);
		assert.equal(stderr, (await runHere("simulate", "--thing", "a/b")).stderr);
		assert.match(stderr, /^iot-jobs: thing name "a\/b".*\n$/);
	});

	async function emulate(
		...args: string[]
	): Promise<{ child: ChildProcessWithoutNullStreams; addresses: EmulatorAddresses }> {
		const ports = ["--mqtt-port", "0", "--data-port", "0", "--control-port", "0", "--page-port", "0"];
		const child = start("emulate", "--dir", directory, "--thing", "one", ...ports, "--json", ...args);
		const [line] = await once(createInterface(child.stdout), "line");
		return { child, addresses: JSON.parse(line) };
	}

	async function createJob(
		{ control }: EmulatorAddresses,
		jobId: string,
		document: object,
		thing = "one",
	): Promise<Response> {
		return await fetch(`${control.url}/jobs/${jobId}`, {
			method: "PUT",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({
				targets: [`arn:aws:iot:us-east-1:123456789012:thing/${thing}`],
				document: JSON.stringify(document),
			}),
		});
	}

	it("emulate --json says in its first line where everything is, and ends cleanly at SIGTERM", async () => {
		const { child, addresses } = await emulate("--thing", "two");
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

	it("emulate says which port is in use, and leaves nothing running", async () => {
		const { addresses } = await emulate();
		const { port } = new URL(addresses.control.url);
		const free = ["--mqtt-port", "0", "--data-port", "0"];
		const other = join(directory, "other");
		const second = await run("emulate", "--dir", other, "--thing", "one", ...free, "--control-port", port);
		assert.equal(second.code, 1);
		assert.equal(second.stderr, `iot-jobs: port ${port} is in use; choose another one, or 0 for any that is free\n`);
	});

	it("emulate uses the keys that it finds in its directory", async () => {
		const first = await emulate();
		const before = readFileSync(first.addresses.things.one?.certificate as string);
		first.child.kill("SIGTERM");
		await once(first.child, "close");
		const second = await emulate();
		assert.deepEqual(second.addresses.ca, first.addresses.ca);
		assert.deepEqual(readFileSync(second.addresses.things.one?.certificate as string), before);
	});

	it("a device of simulate --endpoint does the job that was created over HTTP", async () => {
		const { addresses } = await emulate();
		const { mqtt, control, ca, things } = addresses;
		const { certificate, privateKey } = things.one as { certificate: string; privateKey: string };
		assert.equal((await createJob(addresses, "reboot-1", { operation: "reboot" })).status, 200);
		const device = start(
			...["simulate", "--thing", "one", "--dir", join(directory, "device"), "--json"],
			...["--endpoint", `mqtts://${mqtt.host}:${mqtt.port}`, "--ca", ca],
			...["--certificate", certificate, "--private-key", privateKey],
		);
		const lines = createInterface(device.stdout);
		for await (const line of lines) if (/reboot-1 is over/.test(line)) break;
		const described = await fetch(`${control.url}/things/one/jobs/reboot-1`);
		const { execution } = (await described.json()) as { execution: Record<string, unknown> };
		assert.equal(execution.status, "SUCCEEDED");
		assert.equal(execution.thingArn, "arn:aws:iot:us-east-1:123456789012:thing/one");
		const job = (await (await fetch(`${control.url}/jobs/reboot-1`)).json()) as { job: { status: string } };
		assert.equal(job.job.status, "COMPLETED");
		const document = await (await fetch(`${control.url}/jobs/reboot-1/job-document`)).json();
		assert.deepEqual(document, { document: '{"operation":"reboot"}' });
		device.kill("SIGTERM");
		assert.deepEqual(await once(device, "close"), [0, null]);
	});

	it("a fleet of simulate --fleet DIR --endpoint does the job of each of its things", async () => {
		const { addresses } = await emulate("--thing", "two", "--thing", "three:3");
		const summary = async (code: number) => {
			const fleet = ["--fleet", join(directory, "things"), "--endpoint", `mqtts://127.0.0.1:${addresses.mqtt.port}`];
			const { stdout, ...ended } = await run(...["simulate", ...fleet, "--ca", addresses.ca, "--jobs", "1", "--json"]);
			assert.deepEqual(ended, { code, stderr: "" });
			return JSON.parse(stdout);
		};
		for (const thing of ["one", "two", "three:3"]) {
			assert.ok((await createJob(addresses, `job-${thing.charAt(1)}`, { operation: "reboot" }, thing)).ok);
		}
		const { devices, online, executions, connections, storageWrites } = await summary(0);
		assert.deepEqual([devices, online, executions, connections], [3, 3, { SUCCEEDED: 3 }, 2]);
		assert.ok(storageWrites >= 4 && storageWrites <= 6, `${storageWrites}`);
		for (const [thing, operation] of [
			["one", "reboot"],
			["two", "diagnostics"],
			["three:3", "dance"],
		] as const) {
			assert.ok((await createJob(addresses, `next-${thing.charAt(1)}`, { operation }, thing)).ok);
		}
		assert.deepEqual((await summary(1)).executions, { SUCCEEDED: 2, REJECTED: 1 });
	});

	it("a fleet too large for the files that may be open is refused at once, with what to do", async () => {
		const simulate = `exec "${process.execPath}" "${command}" simulate --things 1000`;
		const child = spawn("sh", ["-c", `ulimit -n 1000; ${simulate}`], { stdio: "pipe" });
		children.push(child);
		child.stderr.setEncoding("utf8");
		const [text] = await once(child.stderr, "data");
		assert.match(text, /--things 1000: this process may open files for 400 devices; raise ulimit -n to 2200/);
		assert.deepEqual(await once(child, "close"), [2, null]);
	});

	it("a device of simulate --endpoint https://... polls the data plane", async () => {
		const { addresses } = await emulate();
		const { data, ca, things } = addresses;
		const { certificate, privateKey } = things.one as { certificate: string; privateKey: string };
		await createJob(addresses, "dance-1", { operation: "dance" });
		const device = start(
			...["simulate", "--thing", "one", "--json", "--endpoint", data.url, "--ca", ca],
			...["--certificate", certificate, "--private-key", privateKey],
		);
		for await (const line of createInterface(device.stdout)) if (/dance-1 is over/.test(line)) break;
		const { url } = addresses.control;
		const described = (await (await fetch(`${url}/things/one/jobs/dance-1`)).json()) as {
			execution: { status: string };
		};
		assert.equal(described.execution.status, "REJECTED");
	});

	it("the control face answers errors as AWS's REST-JSON does", async () => {
		const { addresses } = await emulate();
		await createJob(addresses, "taken", {});
		const { url } = addresses.control;
		for (const [response, status, type] of [
			[await createJob(addresses, "taken", {}), 409, "ResourceAlreadyExistsException"],
			[await createJob(addresses, "bad id", {}), 400, "InvalidRequestException"],
			[await fetch(`${url}/jobs/none`), 404, "ResourceNotFoundException"],
			[await fetch(`${url}/things/one/jobs/none`), 404, "ResourceNotFoundException"],
			[
				await fetch(`${url}/jobs/x`, { method: "PUT", body: "{", headers: { "content-type": "application/json" } }),
				400,
				"InvalidRequestException",
			],
		] as const) {
			assert.equal(response.status, status);
			assert.equal(response.headers.get("x-amzn-errortype"), type);
			assert.equal(typeof ((await response.json()) as { message: unknown }).message, "string");
		}
	});

	it("simulate --document ends with 0 when the job SUCCEEDED and with 1 when it did not", async () => {
		const good = join(directory, "reboot.json");
		writeFileSync(good, '{"operation": "reboot"}');
		const done = await run("simulate", "--thing", "one", "--document", good);
		assert.equal(done.code, 0, done.stderr);
		assert.match(done.stdout, /job-1: SUCCEEDED/);
		const unknown = join(directory, "dance.json");
		writeFileSync(unknown, '{"operation": "dance"}');
		const failed = await run("simulate", "--thing", "one", "--document", unknown);
		assert.equal(failed.code, 1);
		assert.match(failed.stdout, /REJECTED.*unknownOperation.*dance.*reboot ota/);
	});

	it("simulate runs the agent in the chip's engine where that was built, and says how to build it where not", async () => {
		const document = join(directory, "reboot.json");
		writeFileSync(document, '{"operation": "reboot"}');
		const { code, stdout, stderr } = await run("simulate", "--thing", "one", "--engine", "xs", "--document", document);
		if (engines.includes("xs")) {
			assert.equal(code, 0, stderr);
			assert.match(stdout, /job-1: SUCCEEDED/);
		} else {
			assert.equal(code, 2);
			assert.match(stderr, /npm run build:xs/);
		}
	});

	it("emulate --fault and --policy do what they say, and the log says it", async () => {
		const policy = join(directory, "policy.json");
		const connect = { Effect: "Allow", Action: "iot:Connect", Resource: "arn:aws:iot:*:*:client/two" };
		writeFileSync(policy, JSON.stringify({ Version: "2012-10-17", Statement: connect }));
		const { child, addresses } = await emulate(
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

	it("says with --help what there is", async () => {
		const { code, stdout } = await run("--help");
		assert.equal(code, 0);
		for (const name of ["emulate", "simulate", "demo"]) assert.match(stdout, new RegExp(`\\b${name}\\b`));
		assert.match((await run("emulate", "--help")).stdout, /--mqtt-port <port>/);
	});

	it("says with emulate --help what a fault may be", async () => {
		assert.match((await run("emulate", "--help")).stdout, /restart-service\s+the service starts again from its state/);
	});

	it("sign makes the document of a signed image, which a device with the key installs", async () => {
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
		const [image, key, publicFile] = ["firmware.bin", "key.pem", "public.pem"].map((name) => join(directory, name)) as [
			string,
			string,
			string,
		];
		const bytes = makeImage({ version: "3.1.4", programBytes: 2_000 });
		writeFileSync(image, bytes);
		writeFileSync(key, privateKey.export({ type: "sec1", format: "pem" }));
		writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }));
		const signed = await run("sign", "--image", image, "--private-key", key, "--url", "https://example.com/f.bin");
		assert.equal(signed.code, 0, signed.stderr);
		const document = JSON.parse(signed.stdout);
		const { signature, sha256, ...rest } = document;
		assert.deepEqual(rest, {
			operation: "ota",
			version: "3.1.4",
			url: "https://example.com/f.bin",
			size: bytes.byteLength,
		});
		assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
		assert.ok(createVerify("sha256").update(bytes).verify(publicKey, Buffer.from(signature, "base64")));
		const file = join(directory, "document.json");
		const unsigned = { ...rest, sha256, url: "https://127.0.0.1:1/f.bin" };
		writeFileSync(file, JSON.stringify(unsigned));
		const refused = await run("simulate", "--thing", "one", "--document", file, "--code-signing-key", publicFile);
		assert.equal(refused.code, 1);
		assert.match(refused.stdout, /REJECTED.*signatureMissing/);
	});

	it("sign makes AWS's form as well, for a stream, with an RSA key", async () => {
		const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
		const [image, key] = ["firmware.bin", "key.pem"].map((name) => join(directory, name)) as [string, string];
		const bytes = makeImage({ version: "3.1.4", programBytes: 2_000 });
		writeFileSync(image, bytes);
		writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
		const line = `sign --image ${image} --private-key ${key} --stream firmware --file-id 7 --afr-ota`;
		const { code, stdout, stderr } = await run(...line.split(" "));
		assert.equal(code, 0, stderr);
		const { protocols, streamname, files } = JSON.parse(stdout).afr_ota;
		assert.deepEqual([protocols, streamname, files.length], [["MQTT"], "firmware", 1]);
		const { "sig-sha256-rsa": signature, ...rest } = files[0];
		assert.deepEqual(rest, { filesize: bytes.byteLength, fileid: 7 });
		assert.ok(createVerify("sha256").update(bytes).verify(publicKey, Buffer.from(signature, "base64")));
	});

	it("emulate says which process uses its directory", async () => {
		const { child } = await emulate();
		const ports = "--mqtt-port 0 --data-port 0 --control-port 0 --page-port 0";
		const { code, stderr } = await run(...`emulate --dir ${directory} --thing one ${ports}`.split(" "));
		assert.equal(code, 1);
		assert.match(stderr, new RegExp(`state: process ${child.pid} uses it`));
	});

	it("watch tells what happens, line by line, and that the emulator has ended", async () => {
		const { child, addresses } = await emulate();
		const watching = start("watch", "--page", (addresses as unknown as { page: { url: string } }).page.url);
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
		await createJob(addresses, "reboot-1", { operation: "reboot" });
		await queued;
		child.kill("SIGTERM");
		await ended;
	});

	it("validate says what is wrong with a job document, and on which line", async () => {
		const file = join(directory, "job.json");
		const lines = async (text: string) => {
			writeFileSync(file, text);
			const { code, stdout } = await run("validate", file);
			return [code, stdout.replaceAll(`${file}:`, "")];
		};
		assert.deepEqual(await lines('{"operation": "reboot"}'), [0, " good, reboot\n"]);
		const ota = { operation: "ota", version: "2.0.0", streamId: "s", size: 1, sha256: "00".repeat(32) };
		assert.deepEqual(await lines(JSON.stringify(ota)), [0, " good, ota\n"]);
		assert.deepEqual(await lines('{\n\t"operation": "ota",\n\t"version": "",\n\t"size": 0,\n\t"sha256": "00"\n}'), [
			1,
			`3:2: version must NOT have fewer than 1 characters\n4:2: size must be >= 1\n5:2: sha256 must match pattern "^[0-9a-fA-F]{64}$"\n`,
		]);
		assert.deepEqual(await lines('{"operation": "config",\n"settings": {"port": 70000}}'), [
			1,
			"2:14: port must be <= 65535\n",
		]);
		assert.match(
			String((await lines('{"operation": "dance"}'))[1]),
			/^1:2: not an operation that comes built in: reboot, /,
		);
		assert.deepEqual(await lines('{\n"operation": "reboot",\n}'), [
			1,
			"3:1: not JSON: PropertyNameExpected\n3:1: not JSON: ValueExpected\n",
		]);
		assert.match(String((await lines("[]"))[1]), /^1:1: a job document is a JSON object/);
	});

	const files = "--ca DIR/a --certificate b --private-key c";
	for (const [line, code, said] of [
		["emulat", 2, /unknown command 'emulat'.*emulate/],
		["emulate --thing one", 2, /--dir/],
		["emulate --dir DIR", 2, /--thing NAME/],
		["emulate --dir DIR --thing a/b", 1, /thing name "a\/b"/],
		["emulate --dir DIR --thing one --mqtt-port 70000", 2, /port/],
		["emulate --dir DIR --thing one --mqtt-port x", 2, /port/],
		["emulate --dir DIR --thing one --host 203.0.113.1", 1, /203\.0\.113\.1 is no address of this machine/],
		["emulate --dir /dev/null/x --thing one", 1, /\/dev\/null\/x/],
		["emulate --dir DIR --thing one --fault loose", 2, /unknown fault "loose"; there are lose/],
		["emulate --dir DIR --thing one --fault error,code=LimitExceeded", 2, /for the operator's requests/],
		["emulate --dir DIR --thing one --policy two=x", 2, /NAME=FILE, with a name that --thing has/],
		["emulate --dir DIR --thing one --policy one=DIR/none", 2, /no such file/],
		["emulate --dir DIR --thing one --policy one=COMMAND", 2, /not JSON/],
		["emulate --dir DIR --thing one --access-key AKID", 2, /--access-key needs --secret-key/],
		["emulate --dir DIR --thing one --secret-key s", 2, /--secret-key needs --access-key/],
		["emulate --dir DIR --thing one --broker http://x", 2, /--broker: write mqtts:\/\/HOST:PORT/],
		["emulate --dir DIR --thing one --broker mqtts://x/y", 2, /--broker: write mqtts:\/\/HOST:PORT/],
		["emulate --dir DIR --thing one --broker-ca x", 2, /belong to --broker/],
		["emulate --dir DIR --thing one --redis http://x", 2, /--redis: write redis:\/\/HOST:PORT/],
		[
			"emulate --dir DIR --thing one --redis redis://127.0.0.1:1",
			1,
			/redis at 127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/,
		],
		["emulate --dir DIR --thing one --redis redis://x --broker mqtts://x", 2, /--redis is for the embedded broker/],
		["broker --dir DIR --redis x", 2, /--redis: write redis:\/\/HOST:PORT/],
		["broker --dir DIR --redis redis://127.0.0.1:1", 1, /cannot be reached: ECONNREFUSED/],
		["broker --dir DIR --redis redis://127.0.0.1:1 --policy x", 2, /--policy x: write NAME=FILE/],
		["emulate --dir DIR --thing one --broker mqtts://x --broker-ca DIR/none", 2, /--broker-ca .*no such file/],
		["emulate --dir DIR --thing one --broker mqtts://x --broker-ca COMMAND", 2, /--broker-ca .*no PEM file/],
		["emulate --dir DIR --thing one --broker mqtts://x --broker-certificate x", 2, /belong together/],
		["sign --image DIR/none --private-key DIR/none --url https://x/y", 2, /--image .*no such file/],
		["sign --image COMMAND --private-key COMMAND --url https://x/y", 2, /not a private key in PEM/],
		["sign --image COMMAND --private-key KEY", 2, /--url or --stream/],
		["sign --image COMMAND --private-key KEY --url ftp://x", 2, /--url ftp:\/\/x: https/],
		["sign --image COMMAND --private-key KEY --stream a/b", 2, /--stream a\/b: 1 to 128/],
		["sign --image COMMAND --private-key KEY --stream a --file-id 256", 2, /--file-id 256: 0 to 255/],
		["sign --image COMMAND --private-key KEY --stream a", 2, /no version in it/],
		["sign --image COMMAND --private-key SHORT --stream a", 2, /RSA of 2048 to 4096 bits/],
		["watch --page nothing", 2, /the address that emulate prints/],
		["watch --page http://127.0.0.1:1/", 1, /there is no emulator's page/],
		["validate DIR/none.json", 2, /no such file/],
		["rotate --certificate DIR/none --private-key DIR/none", 2, /cannot be read/],
		["rotate --certificate COMMAND --private-key KEY", 2, /PEM files/],
		["rotate --certificate COMMAND --private-key KEY --url https://x/y", 2, /--url and --out/],
		["simulate", 2, /--thing/],
		["simulate --thing a/b", 2, /thing name "a\/b"/],
		["simulate --thing one --document DIR/none.json", 2, /no such file/],
		["simulate --thing one --document COMMAND", 2, /not JSON/],
		["simulate --thing one --endpoint mqtts://x:1", 2, /--ca, --certificate and --private-key/],
		["simulate --thing one --ca x", 2, /belong to --endpoint/],
		["simulate --thing one --subscribe-answers", 2, /belong to --endpoint/],
		["simulate --fleet DIR", 2, /--fleet needs --endpoint and --ca/],
		["simulate --fleet DIR/none --endpoint mqtts://x:1 --ca x", 2, /no such directory/],
		["simulate --fleet DIR --endpoint mqtts://x:1 --ca x", 2, /no NAME\.pem with a NAME-key\.pem/],
		["simulate --fleet DIR --endpoint https://x:1 --ca x", 2, /--fleet speaks MQTT/],
		["simulate --thing one --jobs 1", 2, /--jobs belongs to --fleet/],
		[`simulate --thing one --endpoint http://x ${files}`, 2, /mqtts:\/\/HOST:PORT/],
		[`simulate --thing one --endpoint mqtts://x:1 ${files}`, 1, /the CA's certificate cannot be read/],
		["simulate --thing one --engine v8", 2, /node, xs/],
	] as const) {
		it(`${line}: one helpful line and exit code ${code}`, async () => {
			for (const [name, bits] of Object.entries({ KEY: 2_048, SHORT: 1_024 })) {
				if (!line.includes(name)) continue;
				const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
				writeFileSync(join(directory, name), privateKey.export({ type: "pkcs8", format: "pem" }));
			}
			const args = line.split(" ").map((arg) =>
				arg
					.replace("DIR", directory)
					.replace("COMMAND", command)
					.replace(/^(KEY|SHORT)$/, `${directory}/$1`),
			);
			const { code: actual, stderr } = await runHere(...args);
			assert.equal(actual, code, stderr);
			assert.match(stderr, said);
			assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
			assert.doesNotMatch(stderr, /\n\s+at /);
		});
	}
});
