import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { pemOf, type TestEmulator } from "./lab.js";

/** A TLS connection to the broker, as its first thing, for bytes that no MQTT client would send. Errors of the socket are ignored. */
export async function rawConnection(emulator: TestEmulator): Promise<TLSSocket> {
	const { host, port } = emulator.addresses.mqtt;
	const socket = connect({ host, port, ...pemOf(emulator) });
	socket.on("error", () => undefined);
	socket.resume();
	await once(socket, "secureConnect");
	return socket;
}
