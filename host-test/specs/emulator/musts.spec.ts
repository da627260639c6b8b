import assert from "node:assert/strict";
import { once } from "node:events";
import { Lab, type TestEmulator } from "../kit/lab.js";
import { rawConnection } from "../kit/raw-connection.js";

const text = (bytes: string | Buffer): Buffer => {
	const body = Buffer.from(bytes as string);
	return Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body]);
};
const packet = (head: number, ...parts: readonly Buffer[]): Buffer => {
	const body = Buffer.concat(parts);
	return Buffer.concat([Buffer.from([head, body.length]), body]);
};
const connectPacket = (clientId: string | Buffer, flags = 2): Buffer =>
	packet(0x10, text("MQTT"), Buffer.from([4, flags, 0, 60]), text(clientId));
const CLEAN = 2;
const WILL = 4;
const connectWithWill = (topic: string | Buffer, flags = CLEAN | WILL): Buffer =>
	packet(0x10, text("MQTT"), Buffer.from([4, flags, 0, 60]), text("alpha"), text(topic), text("gone"));
const publish = (topic: string | Buffer, id: number): Buffer => packet(0x32, text(topic), Buffer.from([0, id]));
const subscribe = (topic: string | Buffer, id = 1): Buffer =>
	packet(0x82, Buffer.from([0, id]), text(topic), Buffer.from([0]));
const unsubscribe = (topic: string | Buffer, id = 1): Buffer => packet(0xa2, Buffer.from([0, id]), text(topic));

const OWN = "$aws/things/alpha/jobs";
const NUL = "a\0b";
/** A surrogate (CESU-8), an overlong slash, and a byte that begins nothing. */
const NO_UTF8 = [Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xc0, 0xaf]), Buffer.from([0xff])];

describe("MQTT 3.1.1's musts", () => {
	let lab: Lab;
	let emulator: TestEmulator;
	const log: string[] = [];
	before(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		emulator.broker.on("log", (line) => log.push(line));
	});
	after(() => lab.clear());

	const cases: readonly (readonly [what: string, ...packets: Buffer[]])[] = [
		["a client id with U+0000", connectPacket(NUL)],
		["no client id and clean session 0", connectPacket("", 0)],
		["the packet identifier 0 in a PUBLISH", connectPacket("alpha"), publish(`${OWN}/get`, 0)],
		["the packet identifier 0 in a SUBSCRIBE", connectPacket("alpha"), subscribe(`${OWN}/get/accepted`, 0)],
		["a topic with U+0000", connectPacket("alpha"), publish(`${OWN}/${NUL}`, 1)],
		["a filter with U+0000", connectPacket("alpha"), subscribe(`${OWN}/${NUL}`)],
		["the packet identifier 0 in an UNSUBSCRIBE", connectPacket("alpha"), unsubscribe(`${OWN}/get/accepted`, 0)],
		["an UNSUBSCRIBE with U+0000", connectPacket("alpha"), unsubscribe(`${OWN}/${NUL}`)],
		["an UNSUBSCRIBE of a/+x", connectPacket("alpha"), unsubscribe(`${OWN}/+x`)],
		["an UNSUBSCRIBE without a filter", connectPacket("alpha"), packet(0xa2, Buffer.from([0, 1]))],
		["a will's topic with U+0000", connectWithWill(NUL)],
		["a will's topic with a wildcard", connectWithWill(`${OWN}/#`)],
		["a will of QoS 3", connectWithWill("will", CLEAN | WILL | 0x18)],
		["a will's QoS without a will", connectPacket("alpha", CLEAN | 0x08)],
		["a retained will without a will", connectPacket("alpha", CLEAN | 0x20)],
		["the reserved flag of CONNECT", connectPacket("alpha", CLEAN | 1)],
		...["+x", "x+", "++", "#x", "x#", "#/x", "a/+x", "a/#/b"].map(
			(end) => [`the filter .../${end}`, connectPacket("alpha"), subscribe(`${OWN}/${end}`)] as const,
		),
		...NO_UTF8.flatMap((bytes) => [
			[
				`an UNSUBSCRIBE with ${bytes.toString("hex")}`,
				connectPacket("alpha"),
				unsubscribe(Buffer.concat([Buffer.from(`${OWN}/`), bytes])),
			] as const,
			[`a will's topic with ${bytes.toString("hex")}`, connectWithWill(bytes)] as const,
			[`a client id of ${bytes.toString("hex")}`, connectPacket(bytes)] as const,
			[
				`a topic with ${bytes.toString("hex")}`,
				connectPacket("alpha"),
				publish(Buffer.concat([Buffer.from(`${OWN}/`), bytes]), 1),
			] as const,
		]),
	];
	for (const [what, ...packets] of cases) {
		it(`the connection ends at ${what}`, async () => {
			const socket = await rawConnection(emulator);
			const closed = once(socket, "close");
			for (const bytes of packets) socket.write(bytes);
			await closed;
		});
	}

	it("the log has a line for it, without a client's control characters", async () => {
		log.length = 0;
		const socket = await rawConnection(emulator);
		const closed = once(socket, "close");
		socket.write(connectPacket("evil\r\nrefused: nobody\u001b[2J", 2));
		socket.write(publish("other/\n\u001b[2J", 1));
		await closed;
		assert.match(log.join("|"), /evil··refused: nobody·\[2J/);
		assert.ok(!/\p{C}/u.test(log.join("")), JSON.stringify(log));
	});

	it("a client with proper filters stays", async () => {
		const socket = await rawConnection(emulator);
		socket.write(connectPacket("alpha"));
		socket.write(subscribe(`${OWN}/+/get/accepted`));
		socket.write(subscribe(`${OWN}/#`, 2));
		socket.write(Buffer.from([0xc0, 0]));
		while (!(await once(socket, "data"))[0].includes(Buffer.from([0xd0, 0]))) assert.ok(!socket.destroyed);
	});
});
