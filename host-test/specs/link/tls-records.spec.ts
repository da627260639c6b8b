import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { checkClearRecord } from "../../../src/link/tls-records.js";
import { Message, message, record, serverKeyExchange } from "../kit/handshake.js";

const point = Buffer.concat([Buffer.of(4), randomBytes(64)]);
const key = (hash: number, algorithm: number, length = 256) =>
	record(
		22,
		message(Message.serverKeyExchange, serverKeyExchange(point, { hash, algorithm, bytes: randomBytes(length) })),
	);

/** It decides what the SDK's TLS gets to see while nothing is encrypted yet. */
describe("A TLS record in the clear", () => {
	it("with a key that is signed by RSA or ECDSA and SHA-2 of 256 bits or more passes", () => {
		for (const hash of [4, 5, 6]) for (const algorithm of [1, 3]) checkClearRecord(key(hash, algorithm), false);
	});

	it("with a key that names any other hash or algorithm, or no signature, is refused", () => {
		for (let hash = 0; hash < 256; hash += 1)
			for (const algorithm of [0, 1, 2, 3, 4, 255]) {
				if (hash >= 4 && hash <= 6 && (algorithm === 1 || algorithm === 3)) continue;
				assert.throws(() => checkClearRecord(key(hash, algorithm), false), /not signed/, `${hash} ${algorithm}`);
			}
		assert.throws(() => checkClearRecord(key(4, 1, 0), false), /not signed/);
	});

	it("with such a key behind other messages is refused as well", () => {
		const others = [message(2, randomBytes(70)), message(11, randomBytes(900))];
		const bad = key(0, 1).subarray(5);
		assert.throws(() => checkClearRecord(record(22, Buffer.concat([...others, bad])), false), /not signed/);
		checkClearRecord(
			record(22, Buffer.concat([...others, key(4, 1).subarray(5), message(14, Buffer.alloc(0))])),
			false,
		);
	});

	it("with a message that does not come in the clear, or none, is refused", () => {
		for (const type of [0, 1, 15, 16, 20, 255])
			assert.throws(
				() => checkClearRecord(record(22, message(type, randomBytes(12))), true),
				/message \d+ in the clear/,
			);
		for (const type of [21, 23, 24, 0])
			assert.throws(() => checkClearRecord(record(type, Buffer.of(1, 0)), true), /record \d+ .*in the clear/);
	});

	it("that says that keys are used from now on needs a secret", () => {
		checkClearRecord(record(20, Buffer.of(1)), true);
		assert.throws(() => checkClearRecord(record(20, Buffer.of(1)), false), /in the clear/);
	});

	it("of any bytes throws an Error or passes, and hides no message 12", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
				const whole = record(22, Buffer.concat([message(2, Buffer.from(body)), key(0, 0).subarray(5)]));
				assert.throws(() => checkClearRecord(whole, false), Error);
				try {
					checkClearRecord(record(22, Buffer.from(body)), false);
				} catch (error) {
					assert.match(String(error), /TLS: /);
				}
			}),
		);
	});
});
