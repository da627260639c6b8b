import assert from "node:assert/strict";
import fc from "fast-check";
import { isTerminal } from "../../emulator/jobs/execution.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { Lab } from "../kit/lab.js";

/** Names that the agent looks at, and such as every object has. */
const NAMES = [
	...["operation", "settings", "files", "name", "url", "streamId", "fileId", "size", "sha256", "signature", "version"],
	...[
		"allowDowngrade",
		"steps",
		"action",
		"input",
		"handler",
		"afr_ota",
		"protocols",
		"streamname",
		"filesize",
		"fileid",
	],
	...["update_data_url", "auth_scheme", "sig-sha256-ecdsa", "host", "port", "wifi", "ssid", "password", "app"],
	...["certificate", "privateKey", "toString", "valueOf", "toJSON", "constructor", "__proto__", "length", "then"],
];
const WORDS = [
	...["ota", "file", "config", "rotate-certificate", "diagnostics", "erase", "reboot", "HTTP", "MQTT", "reboot.sh"],
	...["https://127.0.0.1:1/x", "1.0.0", "AAAA", "00".repeat(32), "aws.s3.presigned", "\u0000", "é", ""],
];

const { value: part } = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof(
		{ depthSize: "small", withCrossShrink: true },
		fc.constantFrom(...WORDS),
		fc.constantFrom(null, true, false, 0, -1, 1, 255, 256, 20_336, 1e21, 0.5),
		fc.array(tie("value"), { maxLength: 3 }),
		fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 4, noNullPrototype: true }),
	),
}));
const anyDocument = fc
	.tuple(
		fc.dictionary(fc.constantFrom(...NAMES), part, { maxKeys: 8, noNullPrototype: true }),
		fc.option(fc.constantFrom(...WORDS)),
	)
	.map(([document, operation]) => (operation === null ? document : { ...document, operation }));

for (const engine of engines)
	describe(`Arbitrary job documents, the agent in ${engine}`, () => {
		let lab: Lab;
		beforeEach(() => {
			lab = new Lab();
		});
		afterEach(() => lab.clear());

		it("end their own job, and harm neither the device nor the next job", async function () {
			this.timeout(120_000);
			const emulator = await lab.emulator();
			const agent = await programFor(engine);
			const device = await lab.device(emulator, { program: () => agent });
			device.powerOn();
			let jobs = 0;
			const run = async (document: Record<string, unknown>) => {
				jobs += 1;
				const jobId = `job-${jobs}`;
				emulator.service.createJob({ jobId, targets: ["alpha"], document });
				const { status } = await lab.passing(ended(emulator, jobId), 5_000);
				assert.ok(isTerminal(status));
				assert.equal(device.aborts, 0, device.lines.slice(-10).join("\n"));
			};
			await fc.assert(
				fc.asyncProperty(anyDocument, (document) => run(JSON.parse(JSON.stringify(document)))),
				{ numRuns: engine === "node" ? 300 : 60, examples: [[{ operation: { toString: 5 } }]] },
			);
			await run({ operation: "diagnostics" });
			assert.equal(emulator.service.execution("alpha", `job-${jobs}`)?.status, "SUCCEEDED");
		});
	});
