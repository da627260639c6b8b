import assert from "node:assert/strict";
import { once } from "node:events";
import fc from "fast-check";
import { generate } from "mqtt-packet";
import { Glob, literal } from "../../emulator/base/glob.js";
import { isAllowed, type Policy } from "../../emulator/identity/policy.js";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { rawConnection } from "../kit/raw-connection.js";

describe("Limits before buffers", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	const log: string[] = [];
	beforeEach(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		log.length = 0;
		emulator.broker.on("log", (line) => log.push(line));
	});
	afterEach(() => lab.clear());

	/** The head of a packet of so many bytes, of which none follows. */
	function head(type: number, length: number): Buffer {
		const bytes = [type << 4];
		for (let rest = length; rest > 0; rest = Math.floor(rest / 128))
			bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
		return Buffer.from(bytes);
	}

	const CONNECT = 1;
	const PUBLISH = 3;

	for (const length of [133_000, 200_000_000, 268_435_455]) {
		it(`a CONNECT that announces ${length} bytes ends the connection at once`, async () => {
			const socket = await rawConnection(emulator);
			socket.write(head(CONNECT, length));
			await once(socket, "close");
			assert.match(log.join("\n"), new RegExp(`a packet of ${length} bytes: at most`));
		});

		it(`a PUBLISH that announces ${length} bytes ends the connection at once`, async () => {
			const socket = await rawConnection(emulator);
			const connected = once(emulator.broker, "connected");
			socket.write(generate({ cmd: "connect", clientId: "alpha", clean: true, keepalive: 60, protocolId: "MQTT" }));
			await connected;
			// Its length comes in two pieces.
			const bytes = head(PUBLISH, length);
			socket.write(bytes.subarray(0, 2));
			socket.write(bytes.subarray(2));
			await once(socket, "close");
			assert.match(log.join("\n"), new RegExp(`a packet of ${length} bytes: at most`));
		});
	}

	it("a policy with forty wildcards decides at once", () => {
		const Resource = `arn:aws:iot:*:*:topic/${"*a".repeat(40)}b`;
		const policy: Policy = {
			Version: "2012-10-17",
			Statement: [{ Effect: "Allow", Action: "iot:Publish", Resource }],
		};
		const context = { thingName: "alpha", clientId: "alpha" };
		assert.equal(isAllowed(policy, "iot:Publish", `topic/${"a".repeat(250)}`, context), false);
		assert.equal(isAllowed(policy, "iot:Publish", `topic/${"a".repeat(250)}b`, context), true);
	});

	it("a pattern means what a regular expression of it means", () => {
		const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 8 });
		fc.assert(
			fc.property(text, text, text, (pattern, quoted, tried) => {
				const quote = (part: string) => part.replace(/[*?/]/g, "\\$&");
				const source = quote(pattern).replaceAll("\\*", ".*").replaceAll("\\?", ".");
				const expression = new RegExp(`^${source}${quote(quoted)}$`);
				for (const one of [tried, pattern + quoted, quoted]) {
					assert.equal(new Glob(pattern + literal(quoted)).test(one), expression.test(one));
				}
			}),
			{ numRuns: 2_000 },
		);
	});
});
