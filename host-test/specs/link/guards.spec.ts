import assert from "node:assert/strict";
import { type HttpClient, openHttp } from "../../../src/link/http.js";
import { MqttLink } from "../../../src/link/mqtt-link.js";
import { httpNetwork, mqttNetwork } from "../../../src/platform/network.js";
import TCP, { type TCPOptions } from "../../ecma419/tcp.js";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { ScriptedBroker } from "../kit/scripted-broker.js";

/** What the SDK's clients throw, or do, where no callback of theirs is running. */
describe("The guards around the SDK's network classes", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	async function device(program: () => void): Promise<TestDevice> {
		const credentials = await ScriptedBroker.credentials();
		return await lab.deviceAt("127.0.0.1", broker.port, { credentials, program: () => program });
	}

	it("a name resolved after the HTTP client was closed opens no socket", async () => {
		let resolved: (() => void) | undefined;
		let sockets = 0;
		class Slow {
			resolve({ host, onResolved }: { host: string; onResolved: (host: string, address: string) => void }): void {
				resolved = () => test.enter(() => onResolved(host, "127.0.0.1"));
			}
		}
		class Counted extends TCP {
			constructor(options: TCPOptions) {
				super(options);
				sockets += 1;
			}
		}
		const owner = { connection: 1, failed: () => undefined };
		let client: HttpClient | undefined;
		const test = await device(() => {
			const network = { ...httpNetwork(), dns: { io: Slow }, tcp: { io: Counted } };
			client = openHttp(network, "127.0.0.1", broker.port, owner);
		});
		test.powerOn();
		while (resolved === undefined) await turns(1);
		owner.connection = 2;
		test.enter(() => client?.close());
		resolved();
		await turns();
		assert.deepEqual([sockets, test.aborts], [0, 0]);
	});

	it("a PUBACK that finds the broker gone ends the connection, not the machine", async () => {
		let isGone = false;
		/** As the SDK's behaves once the other side has closed behind a message that is not read yet. */
		class Gone extends TCP {
			override write(data: ArrayBuffer | Uint8Array): number {
				if (isGone) throw new Error("not ready");
				return super.write(data);
			}
		}
		const host = {
			subscription: "a/b",
			answerTopics: [],
			online: () => undefined,
			offline: () => undefined,
			receive: () => {
				isGone = true;
			},
			answer: () => undefined,
			log: (text: string) => trace(`${text}\n`),
		};
		const test = await device(() => {
			const network = { ...mqttNetwork("127.0.0.1", broker.port), tcp: { io: Gone } };
			const at = { host: "127.0.0.1", port: broker.port, thingName: "alpha", startJitterMs: 0 };
			new MqttLink(host, { network: () => network, ...at }).start();
		});
		test.powerOn();
		await test.said(/^connected/);
		broker.send("a/b", "x");
		await test.said(/connection given up: Error: not ready/);
		isGone = false;
		await lab.passing(test.said(/^connected/, test.lines.length));
		assert.equal(test.aborts, 0);
	});
});
