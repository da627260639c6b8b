import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import aws4 from "aws4";
import { type ProvisionOptions, provision } from "../../cli/provision.js";
import { VirtualClock } from "../../clock.js";
import { Pki } from "../../emulator/identity/pki.js";
import { ended } from "../kit/executions.js";
import { keyDirectory, Lab, type TestEmulator } from "../kit/lab.js";

describe("iot-jobs provision", () => {
	let directory: string;
	let printed: string;
	const write = process.stdout.write;
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "iot-jobs-provision-"));
		printed = "";
		await (await Pki.open(keyDirectory)).thing("alpha");
	});
	afterEach(() => {
		process.stdout.write = write;
		rmSync(directory, { recursive: true });
	});

	async function run(options: Partial<ProvisionOptions>): Promise<string> {
		const out = join(directory, "credentials");
		process.stdout.write = ((text: string) => {
			printed += text;
			return true;
		}) as typeof write;
		try {
			await provision({ thing: "alpha", endpoint: "192.168.1.20", out, ...options });
		} finally {
			process.stdout.write = write;
		}
		return out;
	}

	describe("by the API", () => {
		let lab: Lab;
		let emulator: TestEmulator;
		const env = { ...process.env };
		beforeEach(async () => {
			lab = new Lab();
			const clock = new VirtualClock(Date.now()); // what is signed has today's date
			clock.hold();
			const accessKey = { accessKeyId: "AKID", secretAccessKey: "secret" };
			emulator = await lab.emulator({ things: [], accessKey, clock });
			Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret" });
		});
		afterEach(async () => {
			process.env = { ...env };
			await lab.clear();
		});

		const byApi = (options: Partial<ProvisionOptions> = {}) =>
			run({ endpoint: undefined as never, api: emulator.addresses.control.url, dir: keyDirectory, ...options });

		it("makes thing, certificate and policy, with which a device does a job", async () => {
			const certificates: Buffer[] = [];
			for (const jobId of ["first", "second"]) {
				const out = await byApi({ thing: "lamp:1" });
				const [ca, certificate, privateKey] = ["ca", "certificate", "private-key"].map((name) =>
					readFileSync(join(out, `${name}.der`)),
				) as [Buffer, Buffer, Buffer];
				certificates.push(certificate);
				const { config } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
				assert.deepEqual(config, { thingName: "lamp:1", ...emulator.addresses.mqtt });
				const credentials = { ca, certificate, privateKey };
				const device = await lab.deviceAt(config.host, config.port, { credentials, config });
				emulator.service.createJob({ jobId, targets: ["lamp:1"], document: { operation: "reboot" } });
				device.powerOn();
				assert.equal((await ended(emulator, jobId, "lamp:1")).status, "SUCCEEDED");
				device.cutPower();
			}
			assert.ok(!certificates[0]?.equals(certificates[1] as Buffer));
			assert.doesNotMatch(printed, /PRIVATE KEY|secret/);
		});

		it("takes another endpoint for the board's way to this machine", async () => {
			const out = await byApi({ endpoint: "192.168.1.20:8883" });
			assert.equal(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")).config.host, "192.168.1.20");
		});

		it("deletes a certificate that could not be attached, and says why", async () => {
			emulator.faults.add({ action: "error", topic: "control/PUT /target-policies/*", code: "RequestThrottled" });
			await assert.rejects(byApi(), /PUT \/target-policies\/iot-jobs-device: ThrottlingException/);
			const { headers } = aws4.sign(
				{
					path: "/certificates",
					service: "iot",
					region: "us-east-1",
					host: new URL(emulator.addresses.control.url).host,
				},
				{ accessKeyId: "AKID", secretAccessKey: "secret" },
			);
			const listed = await fetch(`${emulator.addresses.control.url}/certificates`, { headers: headers as never });
			assert.deepEqual(((await listed.json()) as { certificates: object[] }).certificates, []);
		});

		for (const [what, options, said] of [
			["a wrong secret", { secret: "wrong" }, /GET \/endpoint.*InvalidSignatureException/],
			["nobody there", { api: "http://127.0.0.1:3" }, /127\.0\.0\.1:3 cannot be reached: .*ECONNREFUSED/],
			["no address", { api: "aws" }, /--api aws: write https:\/\/iot\.REGION/],
			["AWS without encryption", { api: "http://iot.eu-west-1.amazonaws.com" }, /keys come over https alone/],
			["no CA", { dir: undefined }, /--ca, or the emulator's --dir/],
			["a certificate of one's own", { certificate: "x" }, /--api makes certificate and key/],
		] as [string, Partial<ProvisionOptions> & { secret?: string }, RegExp][]) {
			it(`with ${what}: says what to do, and makes nothing`, async () => {
				const { secret, ...rest } = options;
				if (secret !== undefined) process.env.AWS_SECRET_ACCESS_KEY = secret;
				await assert.rejects(byApi(rest), said);
				assert.equal(emulator.registry.findThing("alpha"), undefined);
			});
		}
	});

	const pem = (name: string) => join(keyDirectory, "things", name);

	it("takes a thing of the emulator's directory: DER files, and a manifest", async () => {
		const out = await run({ dir: keyDirectory, endpoint: "192.168.1.20:18883" });
		assert.deepEqual(readdirSync(out).sort(), ["ca.der", "certificate.der", "manifest.json", "private-key.der"]);
		const certificate = new X509Certificate(readFileSync(join(out, "certificate.der")));
		assert.ok(certificate.checkIssued(new X509Certificate(readFileSync(join(out, "ca.der")))));
		const key = createPrivateKey({ key: readFileSync(join(out, "private-key.der")), format: "der", type: "pkcs8" });
		assert.ok(certificate.checkPrivateKey(key));
		assert.deepEqual(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")), {
			config: { thingName: "alpha", host: "192.168.1.20", port: 18_883 },
			resources: { "*": ["./ca", "./certificate", "./private-key"] },
		});
		assert.equal(statSync(join(out, "private-key.der")).mode & 0o077, 0, "nobody else reads the key");
		assert.match(printed, /alpha at 192\.168\.1\.20:18883/);
		assert.doesNotMatch(printed, /PRIVATE KEY/);
	});

	it("takes the board's Wi-Fi; its password is not printed, nor readable to others", async () => {
		const out = await run({ dir: keyDirectory, wifi: "home", wifiPassword: "home password", subscribeAnswers: true });
		const { config } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
		const { wifiSsid, wifiPassword, subscribeAnswers } = config;
		assert.deepEqual([wifiSsid, wifiPassword, subscribeAnswers], ["home", "home password", true]);
		assert.equal(statSync(join(out, "manifest.json")).mode & 0o077, 0, "nobody else reads it");
		assert.doesNotMatch(printed, /home password/);
		const open = await run({ dir: keyDirectory, wifi: "café" });
		assert.equal(JSON.parse(readFileSync(join(open, "manifest.json"), "utf8")).config.wifiPassword, undefined);
		await assert.rejects(run({ dir: keyDirectory, wifi: "x".repeat(33) }), /1 to 32 bytes/);
		await assert.rejects(run({ dir: keyDirectory, wifi: "home", wifiPassword: "short" }), /8 to 63 characters/);
		await assert.rejects(run({ dir: keyDirectory, wifiPassword: "home password" }), /belongs to --wifi/);
	});

	it("takes AWS's PEM files, the key as PKCS#1, and Amazon's root CA from Node.js", async () => {
		const key = createPrivateKey(readFileSync(pem("alpha-key.pem")));
		const pkcs1 = join(directory, "private.pem.key");
		writeFileSync(pkcs1, key.export({ type: "pkcs1", format: "pem" }));
		const endpoint = "abc123-ats.iot.eu-west-1.amazonaws.com";
		const out = await run({ endpoint, certificate: pem("alpha.pem"), privateKey: pkcs1 });
		const root = new X509Certificate(readFileSync(join(out, "ca.der")));
		assert.match(root.subject, /Amazon Root CA 1/);
		const { config } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
		assert.deepEqual(config, { thingName: "alpha", host: endpoint, port: 8_883 });
	});

	it("takes the public key of code signatures, and then demands them", async () => {
		const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
		const codeSigningKey = join(directory, "public.pem");
		writeFileSync(codeSigningKey, publicKey.export({ type: "spki", format: "pem" }));
		const out = await run({ dir: keyDirectory, codeSigningKey });
		assert.deepEqual(readFileSync(join(out, "code-signing.der")), publicKey.export({ type: "spki", format: "der" }));
		const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
		assert.equal(manifest.config.requireSignature, true);
		assert.ok(manifest.resources["*"].includes("./code-signing"));
	});

	it("refuses an elliptic curve key, and says why", async () => {
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
		const file = join(directory, "ec.pem");
		writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
		const wrong = run({ certificate: pem("alpha.pem"), privateKey: file, ca: join(keyDirectory, "ca.pem") });
		await assert.rejects(wrong, /an elliptic curve key, and the SDK's TLS can use RSA keys alone/);
		assert.deepEqual(readdirSync(directory), ["ec.pem"], "nothing was written");
	});

	it("refuses options that do not fit together", async () => {
		await (await Pki.open(keyDirectory)).thing("beta");
		const mixed = { certificate: pem("alpha.pem"), privateKey: pem("beta-key.pem"), ca: join(keyDirectory, "ca.pem") };
		for (const [options, said] of [
			[mixed, /the private key is not the one of the certificate/],
			[{ dir: keyDirectory, thing: "never-made" }, /no certificate of never-made; iot-jobs emulate/],
			[{ dir: keyDirectory, ca: "x" }, /leave --ca/],
			[{}, /say --dir for the emulator's directory, or --certificate/],
			[
				{ certificate: pem("alpha.pem"), privateKey: pem("alpha-key.pem") },
				/--ca is needed for an endpoint that is not AWS's/,
			],
			[{ dir: keyDirectory, endpoint: "http://x" }, /write HOST or HOST:PORT/],
			[{ dir: keyDirectory, endpoint: "x:70000" }, /write HOST or HOST:PORT/],
			[{ dir: keyDirectory, thing: "a/b" }, /thing name/],
		] as [Partial<ProvisionOptions>, RegExp][]) {
			await assert.rejects(run(options), said);
		}
	});
});
