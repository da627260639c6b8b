import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { rotateDocument } from "../../cli/rotate.js";
import type { Credentials } from "../../device/credentials.js";
import { cutAtEach } from "../kit/cut-at-each.js";
import { engines, programFor } from "../kit/engines.js";
import { publishStream } from "../kit/images.js";
import { credentialsOf, Lab, type TestDevice, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";
import { runJob } from "../kit/run-job.js";

for (const engine of engines)
	describe(`A rotate-certificate job, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let agent: Awaited<ReturnType<typeof programFor>>;
		let operator: Operator;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			agent = await programFor(engine);
			operator = new Operator(emulator);
		});
		afterEach(() => lab.clear());

		const device = () => lab.device(emulator, { program: () => agent });
		const run = (test: TestDevice, document: object) => lab.passing(runJob(emulator, test, document));

		/** A certificate of alpha, as an operator makes it, and the document that brings it. */
		async function newCertificate(status: "ACTIVE" | "INACTIVE" = "ACTIVE") {
			const { certificateId, certificatePem, privateKey } = await operator.newCertificate("alpha", status);
			return { certificateId, document: rotateDocument(certificatePem, privateKey) };
		}

		it("keeps the new certificate once the service was reached with it", async () => {
			const test = await device();
			const { certificateId, document } = await newCertificate();
			const { status } = await run(test, document);
			assert.equal(status, "SUCCEEDED", test.lines.join("\n"));
			const log: string[] = [];
			emulator.broker.on("log", (line) => log.push(line));
			await operator.must("PUT", `/certificates/${certificateId}?newStatus=INACTIVE`);
			const from = test.lines.length;
			test.reset();
			await test.said(/connection given up/, from);
			assert.match(log.join("\n"), new RegExp(`the certificate ${certificateId} is not active, or has no policy`));
		});

		it("gives way to a certificate that the board is flashed with later", async () => {
			const test = await device();
			const { certificateId, document } = await newCertificate();
			assert.equal((await run(test, document)).status, "SUCCEEDED", test.lines.join("\n"));
			test.cutPower();
			const { directory } = test.flash;
			const { ca, certificate, privateKey } = credentialsOf(emulator);
			/** Another build is flashed to this board; its storage stays. */
			const flashed = (credentials: Credentials) =>
				lab.device(emulator, { directory, credentials, program: () => agent });
			const connects = async (board: TestDevice) => {
				const from = board.lines.length;
				board.powerOn();
				await board.said(/connected|connection given up/, from);
				board.cutPower();
				return board.lines.slice(from).some((line) => line === "connected");
			};
			const log: string[] = [];
			emulator.broker.on("log", (line) => log.push(line));
			await operator.must("PUT", `/certificates/${certificateId}?newStatus=INACTIVE`);
			const same = await flashed({ ca, certificate, privateKey });
			assert.equal(await connects(same), false, "the rotated one counts");
			assert.match(log.join("\n"), new RegExp(certificateId));
			const { document: another } = await newCertificate();
			const other = await flashed({
				ca,
				certificate: Buffer.from(another.certificate as string, "base64"),
				privateKey: Buffer.from(another.privateKey as string, "base64"),
			});
			assert.equal(await connects(other), true, other.lines.join("\n"));
		});

		for (const source of ["url", "streamId"] as const) {
			it(`takes certificate and key from a file, by ${source}`, async () => {
				const test = await device();
				const { certificateId, document } = await newCertificate();
				const { operation, ...members } = document;
				const file = publishStream(emulator, Buffer.from(JSON.stringify(members))).document;
				delete file[source === "url" ? "streamId" : "url"];
				const { status, statusDetails } = await run(test, { ...file, operation });
				assert.deepEqual([status, statusDetails], ["SUCCEEDED", { certificateId }], test.lines.join("\n"));
				const bad = publishStream(emulator, Buffer.from("certificate")).document;
				const refused = await run(test, { ...bad, operation });
				assert.deepEqual([refused.status, refused.statusDetails?.reason], ["FAILED", "fileRejected"]);
				const large = publishStream(emulator, Buffer.alloc(6_145)).document;
				assert.equal((await run(test, { ...large, operation })).status, "REJECTED");
			});
		}

		it("with a certificate that the service does not know: trialFailed", async () => {
			const test = await device();
			const { document } = await newCertificate("INACTIVE");
			const { status, statusDetails } = await run(test, document);
			assert.deepEqual([status, statusDetails?.reason], ["FAILED", "trialFailed"], test.lines.join("\n"));
			const { status: next } = await run(test, { operation: "diagnostics" });
			assert.equal(next, "SUCCEEDED");
		});

		it("keeps the new certificate through throttling and lost answers", async () => {
			const test = await device();
			const { document } = await newCertificate();
			const topic = "*/get";
			emulator.faults.add({ action: "error", code: "RequestThrottled", topic, times: 2 });
			emulator.faults.add({ action: "lose", to: "device", topic: "*/get/accepted", times: 2 });
			assert.equal((await run(test, document)).status, "SUCCEEDED", test.lines.join("\n"));
		});

		it("with a key of another certificate, of another kind, or none is REJECTED", async () => {
			const test = await device();
			const [one, two] = [await newCertificate(), await newCertificate()];
			const curve = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({
				format: "der",
				type: "pkcs8",
			});
			for (const [change, said] of [
				[{ privateKey: two.document.privateKey }, /does not belong/],
				[{ privateKey: curve.toString("base64") }, /RSA, PKCS #8/],
				[{ privateKey: undefined }, /RSA, PKCS #8/],
				[{ certificate: "AAAA" }, /certificate: DER/],
			] as const) {
				const changed = JSON.parse(JSON.stringify({ ...one.document, ...change }));
				const { status, statusDetails } = await run(test, changed);
				assert.deepEqual([status, statusDetails?.reason], ["REJECTED", "invalidDocument"]);
				assert.match(statusDetails?.error ?? "", said);
			}
			assert.equal(test.boots, 1);
		});

		it("keeps the new certificate wherever the power is cut: SUCCEEDED, once", async function () {
			this.timeout(120_000);
			const make = async () => (await newCertificate()).document;
			const every = engine === "xs" ? 4 : 1;
			const cuts = await cutAtEach(lab, emulator, device, make, every);
			process.stdout.write(`      the power was cut at ${cuts} points\n`);
			assert.ok(cuts > 8);
		});

		it("asks for the document again when its URL has expired", async () => {
			const test = await device();
			const { certificateId, document } = await newCertificate();
			const { operation, ...members } = document;
			const file = publishStream(emulator, Buffer.from(JSON.stringify(members))).document;
			delete file.streamId;
			emulator.images.faults = { statuses: [403] };
			const { status, statusDetails } = await run(test, { ...file, operation });
			assert.deepEqual([status, statusDetails], ["SUCCEEDED", { certificateId }], test.lines.join("\n"));
			assert.equal(emulator.images.ranges.length, 2);
		});
	});
