import assert from "node:assert/strict";
import { readCredentials } from "../../device/credentials.js";
import { Pki } from "../../emulator/identity/pki.js";
import { keyDirectory, Lab } from "../kit/lab.js";
import { ScriptedBroker } from "../kit/scripted-broker.js";

describe("A certificate that does not fit", () => {
	let lab: Lab;
	beforeEach(() => {
		lab = new Lab();
	});
	afterEach(() => lab.clear());

	it("of a server of another CA: refused, and the agent backs off", async () => {
		const stranger = await Pki.open(`${keyDirectory}-stranger`);
		const pair = await stranger.server([]);
		const impostor = await ScriptedBroker.start({ cert: pair.certificate, key: pair.privateKey });
		const other = await lab.deviceAt("127.0.0.1", impostor.port, {
			credentials: await ScriptedBroker.credentials(),
		});
		other.powerOn();
		await other.said(/connection given up: Error: self-signed certificate in certificate chain/);
		await other.said(/connecting again in/);
		assert.equal(other.aborts, 0);
		other.cutPower();
		await impostor.close();
	});

	it("of a device of another CA: turned away, and the agent backs off", async () => {
		const emulator = await lab.emulator();
		const stranger = await (await Pki.open(`${keyDirectory}-stranger`)).thing("alpha");
		const credentials = readCredentials({ ca: emulator.addresses.ca, ...stranger.files });
		const log: string[] = [];
		emulator.broker.on("log", (line) => log.push(line));
		const other = await lab.device(emulator, { credentials });
		other.powerOn();
		await other.said(/connecting again in/);
		assert.match(log.join("\n"), /TLS with .* failed/);
		assert.equal(other.aborts, 0);
		other.cutPower();
	});

	it("of a server with another name: refused", async () => {
		// Of the right CA, and for localhost and 127.0.0.1: but that is not where the device connects to.
		const host = "127.0.0.2";
		const elsewhere = await ScriptedBroker.start({ host });
		const other = await lab.deviceAt(host, elsewhere.port, { credentials: await ScriptedBroker.credentials() });
		other.powerOn();
		await other.said(/connection given up: .*127\.0\.0\.2 is not in the cert's list/);
		assert.equal(other.aborts, 0);
		other.cutPower();
		await elsewhere.close();
	});
});
