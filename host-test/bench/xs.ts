import { fileURLToPath } from "node:url";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { firstTrace, prepareXsApp, type XsEngine } from "../xs/xs-app.js";
import { say, Table } from "./table.js";

/** A line of what xs-main-parsers.ts measures: all per topic. */
interface Row {
	readonly set: string;
	readonly way: string;
	readonly meter: number;
	readonly nanoseconds: number;
	readonly slots: number;
	readonly chunks: number;
}

/** The topic parser beside `split` and a regular expression, in XS. */
export async function benchTopicParser(engine: XsEngine): Promise<void> {
	say("Topic parser in XS, per topic. Meter: the instructions of the interpreter, without the C code of built-ins.");
	say("The ratio is to split, without the time of the loop.");
	const main = fileURLToPath(new URL("xs-main-parsers.ts", import.meta.url));
	const measured = await inTemporaryDirectory(async (directory) => {
		return await firstTrace(await prepareXsApp(engine, directory, { main }));
	});
	const rows = JSON.parse(measured) as Row[];
	const table = new Table("topics     ", "way               ", "meter", "ns", "slots", "chunk bytes", "ratio");
	for (const { set, way, meter, nanoseconds, slots, chunks } of rows) {
		const timeOf = (name: string) => rows.find((row) => row.set === set && row.way === name)?.nanoseconds ?? 0;
		const loop = timeOf("(the loop alone)");
		const ratio = (nanoseconds - loop) / (timeOf("split") - loop);
		table.row(
			...[set, way, meter.toFixed(0), nanoseconds.toFixed(0)],
			...[slots.toFixed(1), chunks.toFixed(1), ratio.toFixed(2)],
		);
	}
}

/** The byte code of each module of the agent. */
export async function benchByteCode(engine: XsEngine): Promise<void> {
	const { modules } = await inTemporaryDirectory((directory) => prepareXsApp(engine, directory, { freeze: false }));
	const agent = modules.filter(({ name }) => name.startsWith("src/")).sort((a, b) => b.code - a.code);
	say("Byte code of the agent, in bytes");
	for (const { name, code } of agent) say(`  ${String(code).padStart(6)}  ${name}`);
	say(`  ${String(agent.reduce((sum, { code }) => sum + code, 0)).padStart(6)}  in all`);
}
