import assert from "node:assert/strict";
import { Lab, type TestDevice, turns } from "../kit/lab.js";
import { execution, type Published, ScriptedBroker, topics } from "../kit/scripted-broker.js";

/** A request at once, ten times, and then one a minute at most: half a minute between two of them, with the jitter. */
const REQUESTS_AN_HOUR = 200;
const large = "x".repeat(10_000);

/** What a service may answer for ever. */
const SERVICES: Readonly<Record<string, (broker: ScriptedBroker, request: Published) => void>> = {
	"answers too large": (broker, request) => broker.accept(request, { large }),
	"answers too large to all but the question without a document": (broker, request) => {
		const members = { execution: execution({ jobDocument: undefined }) };
		broker.accept(request, request.payload.includeJobDocument === false ? members : { large });
	},
	"an end that is over already, and the job again": (broker, request) => {
		if (request.topic === topics.startNext) broker.accept(request, { execution: execution({ jobDocument: {} }) });
		else broker.reject(request, "TerminalStateReached");
	},
	"notifications, and nothing": (broker, request) => {
		broker.accept(request);
		broker.send(topics.notifyNext, { timestamp: 1, execution: execution() });
	},
	"rejections, and notifications": (broker, request) => {
		broker.reject(request, "InvalidRequest");
		broker.send(topics.notifyNext, { timestamp: 1, execution: execution() });
	},
	"another version each time": (broker, request) => {
		const versionNumber = 10 + Number(request.payload.expectedVersion ?? 0);
		if (request.topic === topics.update()) {
			broker.reject(request, "VersionMismatch", { executionState: { status: "IN_PROGRESS", versionNumber } });
		} else broker.accept(request, { execution: execution({ jobDocument: {}, versionNumber }) });
	},
};

describe("Requests that achieve nothing", () => {
	let lab: Lab;
	let broker: ScriptedBroker;
	let device: TestDevice;
	beforeEach(async () => {
		lab = new Lab();
		broker = await ScriptedBroker.start();
		const credentials = await ScriptedBroker.credentials();
		device = await lab.deviceAt("127.0.0.1", broker.port, { credentials });
		lab.clock.hold();
	});
	afterEach(async () => {
		await lab.clear();
		await broker.close();
	});

	async function passMinutes(minutes: number): Promise<void> {
		for (let seconds = 0; seconds < minutes * 60; seconds += 5) {
			lab.clock.advance(5_000);
			await turns(20);
		}
	}

	for (const [what, answer] of Object.entries(SERVICES)) {
		it(`are few: ${what}`, async () => {
			let requests = 0;
			broker.on("publish", (request) => {
				requests += 1;
				answer(broker, request);
			});
			device.powerOn();
			await passMinutes(60);
			assert.ok(requests > 2 && requests < REQUESTS_AN_HOUR, `${requests} requests in an hour`);
			assert.equal(device.aborts, 0);
		});
	}

	it("are few where each connection is cut when it has been answered", async () => {
		let connections = 0;
		broker.on("connected", () => {
			connections += 1;
		});
		broker.on("publish", (request) => {
			broker.accept(request);
			setImmediate(() => broker.drop());
		});
		device.powerOn();
		await passMinutes(60);
		assert.ok(connections > 5 && connections < 60, `${connections} connections in an hour`);
	});
});
