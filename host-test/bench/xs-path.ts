import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTemporaryDirectory } from "../temporary-directory.js";
import { firstTrace, prepareXsApp, type XsEngine } from "../xs/xs-app.js";
import { say, Table } from "./table.js";

const TOPICS = ["the awaited answer", "notify-next", "another of the thing's", "another job's", "a foreign one"];
const WAYS = 5;
const ROUNDS = 1_000;

/** What the decision about a message costs in machine instructions, which callgrind counts, beside `split`. */
export async function benchPath(engine: XsEngine): Promise<void> {
	say("What a topic is to the agent, decided in XS: machine instructions a message, counted by callgrind.");
	say("The ratio is to split. The call is counted, the loop around it is not.");
	if (spawnSync("valgrind", ["--version"]).status !== 0) {
		say("  not measured: valgrind is missing (Debian: apt-get install valgrind libc6-dbg:i386)");
		return;
	}
	const counts = await inTemporaryDirectory((directory) => counted(engine, directory));
	const table = new Table(
		"topic                 ",
		"empty call",
		"split",
		"topic parser",
		"ratio",
		"the agent",
		"ratio",
	);
	TOPICS.forEach((topic, i) => {
		const [loop = 0, ...calls] = counts.slice(i * WAYS, (i + 1) * WAYS);
		const [empty = 0, split = 0, parser = 0, agent = 0] = calls.map((count) => count - loop);
		const of = (count: number) => [count.toFixed(0), (count / split).toFixed(2)];
		table.row(topic.padEnd(22), empty.toFixed(0), split.toFixed(0), ...of(parser), ...of(agent));
	});
}

/** @returns of each way on each topic, in the order of xs-main-path.ts, the instructions of a round */
async function counted(engine: XsEngine, directory: string): Promise<number[]> {
	const app = await prepareXsApp(engine, join(directory, "image"), {
		main: fileURLToPath(new URL("xs-main-path.ts", import.meta.url)),
	});
	const executable = join(directory, "counting");
	const counts = ["--tool=callgrind", `--callgrind-out-file=${directory}/counts`, "--dump-before=hostHeap"].join(" ");
	writeFileSync(executable, `#!/bin/sh\nexec valgrind -q ${counts} ${engine.executable} "$@"\n`, { mode: 0o755 });
	await firstTrace({ ...app, engine: { ...engine, executable } });
	const dumps = readdirSync(directory).flatMap((name) => /^counts\.(\d+)$/.exec(name)?.[1] ?? []);
	const totals = dumps
		.map(Number)
		.sort((a, b) => a - b)
		.map((n) => Number(/^(?:summary|totals): (\d+)/m.exec(readFileSync(join(directory, `counts.${n}`), "utf8"))?.[1]));
	// The first is what came before the first round.
	return totals.slice(1).map((total) => total / ROUNDS);
}
