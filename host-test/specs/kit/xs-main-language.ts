import { Digest } from "crypt";
import { fromBase64, fromHex } from "../../../src/base/bytes.js";
import { isSigned } from "../../../src/crypto/signature.js";

const LIMIT_BYTES = 5;

/** SHA-256 of "image", and what OpenSSL has signed it with. */
const IMAGE = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d";
const EC_KEY =
	"3059301306072a8648ce3d020106082a8648ce3d030107034200047086952ebc2f8ef4fc558d3f0af3eec6ff62481782ab4ddba87e117d0328a84e3a" +
	"641bc9b664c279645375f87c32b65fcba4b60b5a26bc56990875a2e4780f8d";
const EC_SIGNATURE =
	"3046022100d3e813073d38f52d1c7323aa48250d75169d6ec06b128477d779e166618a304102210087e9775a8c114ffe7b8e55f740b5dbd197f6ec9a" +
	"5cb9fe32544c526015ecbde8";
const RSA_KEY =
	"30820122300d06092a864886f70d01010105000382010f003082010a0282010100cca8e6ebe24ddaf7dcd30c01a8ff6248d2447a0a637bf370aa70b9" +
	"d9fb8abe370527c88a93e3203bb2d98669e937fca2129674344f422183e11c92c644760e4abe3f131e1ba7a9fb41f944e2179cb5761b6ae8252ad68a" +
	"0135492532376cc9bf74a555155f32d30f426c2180720e6a5ebe62030a7a93dbd9c829dd159b92d5ad5276f71352eaa226e4cf1be33140fb61e7a662" +
	"15424cd89ab0bd60016a9f59cb9df4ac51be1638c0a55971570fb9ab10d08b19960dfb14d46e1fe93e36850dbe653b8cbc90a1479a580a2cd8bde53d" +
	"461779d6fe46b956534d559bc83e29937110d63b59f037eb9bc638d98523b380c4c74893b09efd1439e4bc35a8817738f10203010001";
const RSA_SIGNATURE =
	"00ef7658a8e2d763f6ae89686f84eb303a605e8475711f52b58d90bbf7c62e38226c2d2702d7801fc700bcf8a43857f0ef5a0a6ea379672def6bf6c6" +
	"49cd5beee927a4d383876f48f5d8b38a345ab0a46604f51fdae40a4f782902542c39da3f3ca337c1a0647eae35f4b00de3302a21d79522f82ff81aad" +
	"b2fe554c5ada692e3d2a9a066595beddfc80378bced143e7e7a66ce0af0f2fea88f34d40064c8175e04676ff2ae0474cabe52911e93b96468d2467d0" +
	"b4a393c710c62b32ddc4e45293a08a2648926be992c322cd6794154080cdc3477a7b169bf76fd31486bfc2735995fc79fa9edf02ec23279af57f876f" +
	"6b92b13fd233349af8fa54768953c103";

const read = (text: string) => fromHex(text, 1_000) as Uint8Array;
const another = (text: string) => `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;

/** What the engine makes of texts, of a running digest and of signatures: what is asked, and the answer. */
export function answers(hex: readonly string[], base64: readonly string[]): Record<string, unknown> {
	const digest = new Digest("SHA256");
	digest.write("a");
	const first = new Uint8Array(digest.close(true)).toHex();
	digest.write("bc");
	const second = new Uint8Array(digest.close(true)).toHex();
	return {
		hex: hex.map((text) => [text, fromHex(text, LIMIT_BYTES)?.toHex()]),
		base64: base64.map((text) => [text, fromBase64(text, LIMIT_BYTES)?.toHex()]),
		digests: [first, second, new Uint8Array(digest.close()).toHex()],
		signatures: [
			isSigned(read(EC_KEY), read(IMAGE), read(EC_SIGNATURE)),
			isSigned(read(EC_KEY), read(another(IMAGE)), read(EC_SIGNATURE)),
			isSigned(read(another(EC_KEY)), read(IMAGE), read(EC_SIGNATURE)),
			isSigned(read(RSA_KEY), read(IMAGE), read(RSA_SIGNATURE)),
			isSigned(read(RSA_KEY), read(IMAGE), read(another(RSA_SIGNATURE))),
		],
	};
}

export const HEX = ["", "00", "fF09", "0", "0g", "0 ", " 00", "é0", "\u0000", "000000000000"];
export const BASE64 = [
	...["", "QQ==", "QUI=", "QUJD", "QUJDREU=", "+/+/"],
	...["QQ", "QQ=", "QUI", "a", "ab=c", "a===", "====", "QQ==QQ==", "QR==", "QUJ=", "é===", "ab_-"],
	...["QQ= =", " QQ==", "QQ==\n", "    ", "QUJD    ", "QUJDREVG"],
];

/** On XS. What comes out is traced as JSON. */
export default function main(): void {
	trace(JSON.stringify(answers(HEX, BASE64)));
}
