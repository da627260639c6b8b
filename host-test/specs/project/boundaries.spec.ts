import assert from "node:assert/strict";
import ts from "typescript";
import { importsOf, read, sourcesUnder, specifiersOf } from "../kit/imports.js";

/** The platform's modules that src/ may import, besides its own files. */
const PLATFORM =
	/^(embedded:[a-z0-9/-]+|mc\/(config|ffi)|ssl\/(cert|session)|x509|curve|modular|timer|time|crypt|net|sntp|wifi|Resource)$/;
/** What host-test/ may know of the agent: how it is started, and the types of the wire and of job documents. */
const CONTRACTS = /^src\/(app\/main|protocol\/messages|handlers\/ota\/document)\.ts$/;
/** Programs that run in XS, and no part of the harness. */
const XS_PROGRAM = /\/xs-main-[a-z]+\.ts$/;

const agent = sourcesUnder("src");
const harness = sourcesUnder("host-test").filter(
	(file) => !file.startsWith("host-test/specs/") && !XS_PROGRAM.test(file),
);

/** A line for each import that is not allowed. */
function forbidden(files: readonly string[], isAllowed: (target: string) => boolean): string[] {
	return [...importsOf(files)].flatMap(([file, targets]) =>
		targets.filter((target) => !isAllowed(target)).map((target) => `${file}: ${target}`),
	);
}

const isOfTheChip = (target: string) => PLATFORM.test(target) || agent.includes(target);

/** Variables at the top level that can change: XS freezes what is preloaded. */
function moduleState(text: string): string[] {
	return ts
		.createSourceFile("x.ts", text, ts.ScriptTarget.ESNext, true)
		.statements.filter((statement) => ts.isVariableStatement(statement))
		.filter((statement) => !(statement.declarationList.flags & ts.NodeFlags.Const))
		.map((statement) => statement.getText());
}

/** Members called `#name`: XS copies each such method into every instance, as a slot of its memory (`xsProperty.c`). */
function hashMembers(text: string): string[] {
	const source = ts.createSourceFile("x.ts", text, ts.ScriptTarget.ESNext, true);
	return source.statements
		.filter((statement) => ts.isClassDeclaration(statement))
		.flatMap(({ members }) => members.flatMap(({ name }) => (name && ts.isPrivateIdentifier(name) ? [name.text] : [])));
}

function makesPromises(text: string): boolean {
	return /\basync\b|\bawait\b|\bPromise\b/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""));
}

describe("The boundaries of src/ and host-test/", () => {
	it("src/ imports only src/ and the platform", () => {
		assert.ok(agent.length > 20);
		assert.deepEqual(forbidden(agent, isOfTheChip), []);
	});

	it("src/ keeps no state at the top level of a module: it can be preloaded", () =>
		assert.deepEqual(
			agent.flatMap((file) => moduleState(read(file)).map((statement) => `${file}: ${statement}`)),
			[],
		));

	it("src/ and examples/ have `private` members, and none with #", () =>
		assert.deepEqual(
			[...agent, ...sourcesUnder("examples")].flatMap((file) =>
				hashMembers(read(file)).map((name) => `${file}: ${name}`),
			),
			[],
		));

	it("src/ makes no promise: a rejected one would end the machine", () =>
		assert.deepEqual(
			agent.filter((file) => makesPromises(read(file))),
			[],
		));

	it("host-test/ knows of the agent how it is started, and the wire's types", () => {
		assert.ok(harness.length > 30);
		assert.deepEqual(
			forbidden(harness, (target) => !target.startsWith("src/") || CONTRACTS.test(target)),
			[],
		);
	});

	it("an npm package, a host's file, module state, # and a promise are found", () => {
		assert.deepEqual(specifiersOf('import fs from "node:fs"; export * from "x"; import("y");'), ["node:fs", "x", "y"]);
		assert.deepEqual(
			["node:fs", "mqtt", "host-test/clock.ts", "embedded:io/socket/tcp/tls", "src/base/timer.ts"].filter(isOfTheChip),
			["embedded:io/socket/tcp/tls", "src/base/timer.ts"],
		);
		assert.deepEqual(hashMembers("class A { #b = 1; private c = 2; #d() {} }"), ["#b", "#d"]);
		assert.deepEqual(moduleState("let count = 0; const LIMIT = 1;"), ["let count = 0;"]);
		assert.ok(makesPromises("async function f() {}") && !makesPromises("// async"));
	});
});
