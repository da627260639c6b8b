// The server of the service bench, in a process of its own: a bare broker, or broker and Jobs service.
import { createServer, type Server } from "node:tls";
import { Aedes } from "aedes";
import { Emulator } from "../emulator/emulator.js";
import { Pki } from "../emulator/identity/pki.js";
import type { Policy } from "../emulator/identity/policy.js";

/** A message of the parent process; it is answered by a number, or null. */
export type Command =
	| { readonly type: "bare"; readonly directory: string }
	| { readonly type: "service"; readonly directory: string; readonly things: number; readonly jobs: number }
	| { readonly type: "cpu" }
	| { readonly type: "stop" };

/** All clients use one certificate, since making keys is not measured. */
const EVERYTHING: Policy = {
	Version: "2012-10-17",
	Statement: [{ Effect: "Allow", Action: "iot:*", Resource: "*" }],
};

let stop: () => Promise<void> = async () => undefined;

async function bare(directory: string): Promise<number> {
	const pki = await Pki.open(directory);
	const { privateKey, certificate } = await pki.server([]);
	const aedes = await Aedes.createBroker();
	const options = { key: privateKey, cert: certificate, ca: pki.ca, requestCert: true, noDelay: true };
	const server: Server = createServer(options, (socket) => void aedes.handle(socket));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	stop = async () => {
		await new Promise<void>((resolve) => aedes.close(resolve));
		server.close();
	};
	return (server.address() as { port: number }).port;
}

async function service(directory: string, things: number, jobs: number): Promise<number> {
	const emulator = await Emulator.start({ directory, things: ["bench"], policies: { bench: EVERYTHING } });
	for (let i = 0; i < things; i += 1) emulator.registry.createThing(`t${i}`);
	// Two jobs are pending for each thing. When one ends, another is created, until there were `jobs`.
	const made = new Map<string, number>();
	const create = (thing: string) => {
		const count = made.get(thing) ?? 0;
		if (count === jobs) return;
		made.set(thing, count + 1);
		emulator.service.createJob({ jobId: `${thing}-${count}`, targets: [thing], document: { operation: "reboot" } });
	};
	for (let round = 0; round < 2; round += 1) for (let i = 0; i < things; i += 1) create(`t${i}`);
	emulator.service.on("execution", (thing, { status }) => {
		if (status === "SUCCEEDED") create(thing);
	});
	stop = () => emulator.close();
	return emulator.broker.port;
}

async function answer(command: Command): Promise<unknown> {
	switch (command.type) {
		case "bare":
			return await bare(command.directory);
		case "service":
			return await service(command.directory, command.things, command.jobs);
		case "cpu": {
			const { user, system } = process.cpuUsage();
			return user + system;
		}
		case "stop":
			return await stop();
	}
}

process.on("message", async (command: Command) => process.send?.((await answer(command)) ?? null));
