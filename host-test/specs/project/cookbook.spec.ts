import assert from "node:assert/strict";
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { rotateDocument } from "../../cli/rotate.js";
import { makeImage } from "../../device/image.js";
import { documentTypeOf, problemsOfDocument } from "../../emulator/schemas/documents.js";
import { exampleOf, readCookbook } from "../../tools/cookbook.js";
import { ended } from "../kit/executions.js";
import { publishStream } from "../kit/images.js";
import { credentialsOf, Lab, type TestEmulator } from "../kit/lab.js";
import { Operator } from "../kit/operator.js";

const RECIPES = readCookbook();
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

/** The title up to its first comma, code or parenthesis. */
const brief = (title: string) => title.split(/[,:(`]/)[0]?.trim();

describe("The cookbook, docs/cookbook.md", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
	});
	afterEach(() => lab.clear());

	const ACCESS_POINTS = {
		office: { password: "office password", rssi: -61 },
		workshop: { password: "workshop password", rssi: -70 },
	};

	/** A certificate of alpha, as `iot-jobs rotate` writes it. */
	async function rotated(): Promise<Record<string, string>> {
		const { certificatePem, privateKey } = await new Operator(emulator).newCertificate("alpha");
		return rotateDocument(certificatePem, privateKey);
	}

	/** The document with real values in the place of those in capital letters. */
	async function real(text: string): Promise<Record<string, unknown>> {
		const image = makeImage({ version: "2.0.0", programBytes: 5_000 });
		const { document } = publishStream(emulator, image);
		const { host, port } = emulator.addresses.mqtt;
		const values: Record<string, unknown> = {
			FIRMWARE: String(document.url).split("/").pop()?.replace(".bin", ""),
			SHA256: document.sha256,
			STREAM: document.streamId,
			SIGNATURE: createSign("sha256").update(image).sign(privateKey).toString("base64"),
			HOST: host,
			SSID: "workshop",
			PASSWORD: "workshop password",
			...(text.includes("CERTIFICATE") && { CERTIFICATE: (await rotated()).certificate }),
		};
		const filled = Object.entries(values).reduce((rest, [name, value]) => rest.replaceAll(name, String(value)), text);
		const made = JSON.parse(
			filled.replaceAll(/600336|48213/g, String(image.byteLength)).replaceAll("8883", String(port)),
		);
		return text.includes("CERTIFICATE") ? { ...made, ...(await rotated()) } : made;
	}

	it("has a recipe for every operation that comes built in", () => {
		const operations = RECIPES.map((recipe) => documentTypeOf(exampleOf(recipe))?.operation);
		assert.deepEqual([...new Set(operations)].sort(), [
			"AWS-Reboot",
			"afr_ota",
			"config",
			"diagnostics",
			"erase",
			"file",
			"ota",
			"reboot",
			"rotate-certificate",
		]);
	});

	it("shows the files in examples/jobs/, each of them", () => {
		const jobs = new URL("../../../examples/jobs/", import.meta.url);
		for (const { name, text } of RECIPES) assert.equal(text, readFileSync(new URL(`${name}.json`, jobs), "utf8"));
		const files = readdirSync(jobs).filter((file) => file.endsWith(".json"));
		assert.deepEqual(files.sort(), RECIPES.map(({ name }) => `${name}.json`).sort());
	});

	it("gives the schemas their examples, which are valid by them", () => {
		for (const recipe of RECIPES) {
			const example = exampleOf(recipe);
			const type = documentTypeOf(example)?.type as string;
			const schema = readFileSync(new URL(`../../../schema/${type}.json`, import.meta.url), "utf8");
			assert.deepEqual(
				JSON.parse(schema).definitions[type].examples.filter(isDeepStrictEqual.bind(null, example)).length,
				1,
			);
			assert.deepEqual(problemsOfDocument(example), [], recipe.title);
		}
	});

	for (const { title, reports, text } of RECIPES) {
		it(`${brief(title)}: the device reports what is said`, async () => {
			const document = await real(text);
			assert.deepEqual(problemsOfDocument(document), []);
			const codeSigningKey = publicKey.export({ type: "spki", format: "der" });
			const credentials = { ...credentialsOf(emulator), codeSigningKey };
			const config = { wifiSsid: "office", wifiPassword: "office password" };
			const device = await lab.device(emulator, { credentials, accessPoints: ACCESS_POINTS, config });
			emulator.service.createJob({ jobId: "recipe", targets: ["alpha"], document });
			device.powerOn();
			const { status, statusDetails = {} } = await lab.passing(ended(emulator, "recipe"));
			assert.equal(status, "SUCCEEDED", device.lines.join("\n"));
			// What differs from run to run, and from certificate to certificate.
			const { uptime, certificateId } = statusDetails;
			const said = {
				...statusDetails,
				...(uptime !== undefined && { uptime: "0" }),
				...(certificateId !== undefined && { certificateId: "SHA-256 OF THE CERTIFICATE" }),
			};
			assert.deepEqual(said, reports);
			const { certificate } = document;
			if (certificate === undefined) return;
			assert.equal(
				certificateId,
				createHash("sha256")
					.update(Buffer.from(String(certificate), "base64"))
					.digest("hex"),
			);
		});
	}
});
