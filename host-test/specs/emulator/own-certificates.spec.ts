import assert from "node:assert/strict";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { MqttJsClient } from "../kit/mqtt-js-client.js";
import { Operator } from "../kit/operator.js";

const RSA = {
	...{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048 },
	publicExponent: new Uint8Array([1, 0, 1]),
};

interface Registered {
	readonly certificateArn: string;
	readonly certificateId: string;
	readonly certificatePem: string;
}

describe("Certificates for keys that the operator has", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	let operator: Operator;
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator({ things: ["alpha"] });
		operator = new Operator(emulator);
	});
	afterEach(() => lab.clear());

	async function makeKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; key: string }> {
		const keys = (await webcrypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
		const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
		return { keys, key: x509.PemConverter.encode(der, "PRIVATE KEY") };
	}

	it("CreateCertificateFromCsr: the key of the request connects", async () => {
		const { keys, key } = await makeKeys();
		const request = await x509.Pkcs10CertificateRequestGenerator.create({
			...{ name: "CN=own", keys: keys as never, signingAlgorithm: RSA },
		});
		const body = { certificateSigningRequest: request.toString("pem") };
		const made = (await operator.must("POST", "/certificates?setAsActive=true", body)) as unknown as Registered;
		await operator.allow(made.certificateArn);
		const client = await MqttJsClient.connect(emulator, "alpha", "own", { cert: made.certificatePem, key });
		await client.end();
		for (const certificateSigningRequest of ["", "x", generateKeyPairSync("ec", { namedCurve: "P-256" }), null]) {
			const { type } = await operator.call("POST", "/certificates", { certificateSigningRequest });
			assert.equal(type, "InvalidRequestException");
		}
	});

	it("RegisterCertificateWithoutCA: a certificate of another CA connects", async () => {
		const { keys, key } = await makeKeys();
		const own = await x509.X509CertificateGenerator.createSelfSigned({
			...{ serialNumber: "01", name: "CN=own", keys: keys as never, signingAlgorithm: RSA },
			...{ notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) },
		});
		const cert = own.toString("pem");
		const connect = () => MqttJsClient.connect(emulator, "alpha", "own", { cert, key });
		await assert.rejects(connect());
		const register = () =>
			operator.call("POST", "/certificate/register-no-ca", { certificatePem: cert, status: "ACTIVE" });
		const { certificateArn, certificateId } = (await register()).body as unknown as Registered;
		await assert.rejects(connect(), "it has no policy");
		await operator.allow(certificateArn);
		await (await connect()).end();
		assert.equal((await register()).type, "ResourceAlreadyExistsException");
		const { certificateDescription } = await operator.must("GET", `/certificates/${certificateId}`);
		assert.equal((certificateDescription as { certificateMode: string }).certificateMode, "SNI_ONLY");
		const bad = await operator.call("POST", "/certificate/register-no-ca", { certificatePem: "x" });
		assert.deepEqual([bad.status, bad.type], [400, "CertificateValidationException"]);
		await operator.must("PUT", `/certificates/${certificateId}?newStatus=INACTIVE`);
		await assert.rejects(connect());
		await operator.must("DELETE", `/certificates/${certificateId}?forceDelete=true`);
	});
});
