import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run as runCommand } from "../../cli/main.js";
import { command, type Ended } from "./command.js";

/** Arguments, the exit code, and what the line says. */
type Mistake = readonly [args: string, code: 1 | 2, said: RegExp];

/** In this process: what a mistake costs is not a second. */
export async function runHere(...args: string[]): Promise<Pick<Ended, "code" | "stderr">> {
	const { write } = process.stderr;
	let stderr = "";
	process.stderr.write = ((text: string) => {
		stderr += text;
		return true;
	}) as typeof write;
	try {
		const code = await runCommand(["node", "iot-jobs", ...args]);
		return { code, stderr };
	} finally {
		process.stderr.write = write;
	}
}

/** What the arguments of a mistake may name besides: a key is made where it is named. */
const KEYS = { KEY: 2_048, SHORT: 1_024 };
const FILES = "--ca DIR/a --certificate b --private-key c";

/**
 * A test for each mistake: one line that helps, and the exit code. In the arguments DIR is a directory with the keys alone,
 * COMMAND a file of another kind than what is asked for, KEY an RSA key, SHORT one that is too short, FILES the files of a
 * device, which are not there. @param before comes before the arguments
 */
export function describeMistakes(before: string, mistakes: readonly Mistake[]): void {
	describe(`${`iot-jobs ${before}`.trim()}: a mistake is told in one line`, () => {
		for (const [args, code, said] of mistakes)
			it(`${args || "without options"}: exit code ${code}`, () =>
				assertMistake(`${before} ${args}`.trim(), code, said));
	});
}

async function assertMistake(text: string, code: number, said: RegExp): Promise<void> {
	const line = text.replace("FILES", FILES);
	const directory = mkdtempSync(join(tmpdir(), "iot-jobs-mistake-"));
	try {
		for (const [name, bits] of Object.entries(KEYS)) {
			if (!line.includes(name)) continue;
			const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
			writeFileSync(join(directory, name), privateKey.export({ type: "pkcs8", format: "pem" }));
		}
		const args = line.split(" ").map((arg) =>
			arg
				.replace("DIR", directory)
				.replace("COMMAND", command)
				.replace(/^(KEY|SHORT)$/, `${directory}/$1`),
		);
		const { code: actual, stderr } = await runHere(...args);
		assert.equal(actual, code, stderr);
		assert.match(stderr, said);
		assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
		assert.doesNotMatch(stderr, /\n\s+at /);
	} finally {
		rmSync(directory, { recursive: true });
	}
}
