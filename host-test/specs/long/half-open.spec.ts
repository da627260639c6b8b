import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { PageServer } from "../../cli/page-server.js";
import { Lab, pemOf, type TestEmulator } from "../kit/lab.js";

/** In real time: the timers are Node's own. */
describe("A connection that does nothing is cut within a minute", function () {
	this.timeout(90_000);
	let lab: Lab;
	let emulator: TestEmulator;
	let page: PageServer;
	before(async () => {
		lab = new Lab();
		emulator = await lab.emulator();
		const options = { directory: emulator.imageDirectory, host: "127.0.0.1", names: [], port: 0 };
		page = await PageServer.start(emulator, { ...options, accessKey: undefined });
	});
	after(async () => {
		await page.close();
		await lab.clear();
	});

	const HALF_HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\n";
	const HALF_BODY =
		"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";

	it("on every port: without a handshake, a CONNECT, a request, its head or its body", async () => {
		const { mqtt, data, control } = emulator.addresses;
		const ports = { mqtt: mqtt.port, data: Number(new URL(data.url).port) };
		const plain = { control: Number(new URL(control.url).port), page: page.port };
		const open: [what: string, socket: Socket][] = [];
		for (const [name, port] of Object.entries({ ...ports, ...plain })) {
			open.push([`${name}, TCP alone`, connectTcp({ host: "127.0.0.1", port })]);
		}
		for (const [name, port] of Object.entries(ports)) {
			open.push([`${name}, TLS alone`, connectTls({ host: "127.0.0.1", port, ...pemOf(emulator) })]);
		}
		for (const said of [HALF_HEAD, HALF_BODY]) {
			for (const [name, port] of Object.entries(plain)) {
				open.push([`${name}, ${said.length} bytes`, connectTcp({ host: "127.0.0.1", port })]);
				open.at(-1)?.[1].write(said);
			}
			open.push([
				`data, ${said.length} bytes`,
				connectTls({ host: "127.0.0.1", port: ports.data, ...pemOf(emulator) }),
			]);
			open.at(-1)?.[1].write(said);
		}
		const left = new Set(open.map(([what]) => what));
		const closed = open.map(async ([what, socket]) => {
			socket.on("error", () => undefined);
			socket.resume();
			await once(socket, "close");
			left.delete(what);
		});
		let timer: NodeJS.Timeout | undefined;
		const minute = new Promise((resolve) => {
			timer = setTimeout(resolve, 60_000);
		});
		await Promise.race([Promise.all(closed), minute]);
		clearTimeout(timer);
		for (const [, socket] of open) socket.destroy();
		assert.deepEqual([...left], []);
	});
});
