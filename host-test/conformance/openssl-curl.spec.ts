import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeImage } from "../device/image.js";
import { EmulatorProcess } from "./emulator-process.js";

const missing = ["openssl", "curl"].filter((tool) => spawnSync(tool, ["version"]).error !== undefined);

if (missing.length > 0) {
	process.stdout.write(`  ${missing.join(" AND ").toUpperCase()} IS NOT INSTALLED: nothing was tried with it.\n`);
} else {
	describe("An image that openssl signs and curl fetches", function () {
		this.timeout(60_000);
		let emulator: EmulatorProcess;
		before(async () => {
			emulator = await EmulatorProcess.start("--thing", "alpha");
		});
		after(() => emulator.end());

		function tool(name: string, line: string): Buffer {
			const { status, stdout, stderr } = spawnSync(name, line.split(" "), { cwd: emulator.directory });
			assert.equal(status, 0, `${name} ${line}: ${stderr}`);
			return stdout;
		}

		for (const [kind, makeKey] of [
			["ECDSA", "ecparam -name prime256v1 -genkey -noout -out KIND.pem"],
			["RSA", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out KIND.pem"],
		] as const) {
			it(`by ${kind}: a device installs it, and holds the bytes that curl fetches`, async () => {
				const image = makeImage({ version: "2.0.0", programBytes: 50_000, seed: kind.length });
				const name = `${kind}.bin`;
				writeFileSync(join(emulator.directory, "images", name), image);
				tool("openssl", makeKey.replace("KIND", kind));
				tool("openssl", `pkey -in ${kind}.pem -pubout -out ${kind}-public.pem`);
				tool("openssl", `dgst -sha256 -sign ${kind}.pem -out ${kind}.sig images/${name}`);
				const { data, mqtt, ca } = emulator.addresses;
				const url = `${data.url}/images/${name}`;
				tool("curl", `--silent --fail --cacert ${ca} --output ${kind}-curl.bin ${url}`);
				const flash = join(emulator.directory, `flash-${kind}`);
				const key = join(emulator.directory, `${kind}-public.pem`);
				const device = emulator.device("alpha", mqtt.port, "--dir", flash, "--code-signing-key", key);
				try {
					const signature = readFileSync(join(emulator.directory, `${kind}.sig`)).toString("base64");
					const sha256 = createHash("sha256").update(image).digest("hex");
					const document = { operation: "ota", version: "2.0.0", url, size: image.byteLength, sha256, signature };
					await emulator.createJob(kind, "alpha", document);
					const { status, statusDetails } = await emulator.ended("alpha", kind);
					assert.equal(status, "SUCCEEDED", JSON.stringify(statusDetails));
				} finally {
					device.kill();
				}
				const fetched = readFileSync(join(emulator.directory, `${kind}-curl.bin`));
				const slot = tool("find", `${flash} -name ota_1.bin`).toString().trim();
				assert.ok(readFileSync(slot).subarray(0, image.byteLength).equals(fetched));
				assert.ok(fetched.equals(image));
			});
		}
	});
}
