import assert from "node:assert/strict";
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeImage } from "../../device/image.js";
import { Command } from "../kit/command.js";
import { describeMistakes } from "../kit/mistakes.js";

describe("iot-jobs sign", function () {
	this.timeout(30_000);
	let iotJobs: Command;
	beforeEach(() => {
		iotJobs = new Command();
	});
	afterEach(() => iotJobs.clear());

	it("makes the document of a signed image; unsigned, a device rejects it", async () => {
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
		const [image, key, publicFile] = ["firmware.bin", "key.pem", "public.pem"].map((name) =>
			join(iotJobs.directory, name),
		) as [string, string, string];
		const bytes = makeImage({ version: "3.1.4", programBytes: 2_000 });
		writeFileSync(image, bytes);
		writeFileSync(key, privateKey.export({ type: "sec1", format: "pem" }));
		writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }));
		const signed = await iotJobs.run(
			"sign",
			"--image",
			image,
			"--private-key",
			key,
			"--url",
			"https://example.com/f.bin",
		);
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
		const file = join(iotJobs.directory, "document.json");
		const unsigned = { ...rest, sha256, url: "https://127.0.0.1:1/f.bin" };
		writeFileSync(file, JSON.stringify(unsigned));
		const refused = await iotJobs.run(
			"simulate",
			"--thing",
			"one",
			"--document",
			file,
			"--code-signing-key",
			publicFile,
		);
		assert.equal(refused.code, 1);
		assert.match(refused.stdout, /REJECTED.*signatureMissing/);
	});

	it("makes AWS's form as well, for a stream, with an RSA key", async () => {
		const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
		const [image, key] = ["firmware.bin", "key.pem"].map((name) => join(iotJobs.directory, name)) as [string, string];
		const bytes = makeImage({ version: "3.1.4", programBytes: 2_000 });
		writeFileSync(image, bytes);
		writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
		const line = `sign --image ${image} --private-key ${key} --stream firmware --file-id 7 --afr-ota`;
		const { code, stdout, stderr } = await iotJobs.run(...line.split(" "));
		assert.equal(code, 0, stderr);
		const { protocols, streamname, files } = JSON.parse(stdout).afr_ota;
		assert.deepEqual([protocols, streamname, files.length], [["MQTT"], "firmware", 1]);
		const { "sig-sha256-rsa": signature, ...rest } = files[0];
		assert.deepEqual(rest, { filesize: bytes.byteLength, fileid: 7 });
		assert.ok(createVerify("sha256").update(bytes).verify(publicKey, Buffer.from(signature, "base64")));
	});
});

describeMistakes("sign --image COMMAND --private-key KEY", [
	["", 2, /--url or --stream/],
	["--url ftp://x", 2, /--url ftp:\/\/x: https/],
	["--stream a/b", 2, /--stream a\/b: 1 to 128/],
	["--stream a --file-id 256", 2, /--file-id 256: 0 to 255/],
	["--stream a", 2, /no version in it/],
]);

describeMistakes("sign", [
	["--image DIR/none --private-key DIR/none --url https://x/y", 2, /--image .*no such file/],
	["--image COMMAND --private-key COMMAND --url https://x/y", 2, /not a private key in PEM/],
	["--image COMMAND --private-key SHORT --stream a", 2, /RSA of 2048 to 4096 bits/],
]);
