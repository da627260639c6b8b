import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PLATFORMS, type Platform, readFacts } from "../../sdk/facts.js";
import {
	ALL,
	allModules,
	ENTRIES,
	list,
	MANIFESTS,
	type Manifest,
	modulesOf,
	partsUnder,
	pathOf,
	reachOf,
	readManifest,
} from "../../tools/parts.js";
import { importsOf as importsOfAll } from "../kit/imports.js";

const src = fileURLToPath(new URL("../../../src/", import.meta.url));
const facts = readFacts();
const PARTS = Object.keys(ENTRIES);
/** mcconfig makes it of the manifest's `ffi`. */
const OF_FFI = "mc/ffi";

const textOf = (module: string) => readFileSync(join(src, `${module}.ts`), "utf8");

/** The modules that a part's modules import, be it for types. */
function knownTo(part: string): string[] {
	const known = new Set(ENTRIES[part]);
	for (const module of known) {
		const imports = importsOfAll([`src/${module}.ts`]).get(`src/${module}.ts`) ?? [];
		for (const one of imports) if (one.startsWith("src/")) known.add(one.slice("src/".length, -".ts".length));
	}
	return [...known];
}

/** The SDK's manifests that a part names for a platform. */
function sdkOf({ include, platforms }: Manifest, platform: Platform): string[] {
	const own = platforms?.[platform.split("/")[0] ?? ""]?.include;
	return [...list(include), ...list(own)].filter((one) => one.startsWith("$("));
}

/** The modules of the SDK that a part's own modules import. */
const importsOf = (modules: readonly string[]) => {
	const own = new Set(modules);
	const all = modules.flatMap((module) => [...reachOf([module]).ours]).filter((one) => own.has(one));
	return new Set(
		[...new Set(all)].flatMap((one) =>
			[...textOf(one).matchAll(/^import (?!type)[^;]*?from "([^."][^"]*)"/gm)].map((match) => match[1] as string),
		),
	);
};

const broughtBy = (includes: readonly string[], platform: Platform) =>
	new Set(includes.flatMap((include) => facts.modules[include]?.[platform] ?? []));

/** What a manifest brings too little or too much of, each in a line. */
function problemsOf(part: string, manifest = readManifest(pathOf(part))): string[] {
	const manifestOf = (one: string) => (one === part ? manifest : readManifest(pathOf(one)));
	const wanted = modulesOf(part);
	const named = Object.keys(manifest.modules ?? {}).map((name) => name.replace("iot-jobs/", ""));
	const parts = [...partsUnder(part, manifestOf)];
	const { ours } = reachOf(ENTRIES[part] ?? []);
	return [
		...differences(named, wanted),
		...differences(Object.keys(manifest.ffi?.functions ?? {}), calledBy(wanted), "()"),
		...PLATFORMS.flatMap((platform) => {
			const includes = parts.flatMap((one) => sdkOf(manifestOf(one), platform));
			return problemsWithSdk(importsOf(wanted), includes, sdkOf(manifest, platform), platform);
		}),
		...parts
			.filter((include) => include !== part && include !== CORE && !modulesOf(include).some((one) => ours.has(one)))
			.map((include) => `does not need ${include}.json`),
	];
}

function differences(named: readonly string[], wanted: readonly string[], mark = ""): string[] {
	return [
		...wanted.filter((one) => !named.includes(one)).map((one) => `lacks ${one}${mark}`),
		...named.filter((one) => !wanted.includes(one)).map((one) => `does not need ${one}${mark}`),
	];
}

/** The C functions that modules call. */
function calledBy(modules: readonly string[]): string[] {
	const calls = modules.flatMap((one) => [...textOf(one).matchAll(/\.((?:esp|iot_jobs)_\w+)\?\.\(/g)]);
	return [...new Set(calls.map((match) => match[1] as string))];
}

/** @param includes of the SDK, by the part and those that it includes; `own` by the part itself */
function problemsWithSdk(
	imports: ReadonlySet<string>,
	includes: readonly string[],
	own: readonly string[],
	platform: Platform,
): string[] {
	const brought = broughtBy(includes, platform);
	for (const one of platform === "lin" ? SIMULATED : []) brought.add(one);
	const isNeeded = (include: string) => {
		if (platform === "lin") return true; // nobody pays there
		const others = broughtBy(
			includes.filter((one) => one !== include),
			platform,
		);
		return (
			BASE.test(include) || [...broughtBy([include], platform)].some((one) => !others.has(one) && imports.has(one))
		);
	};
	return [
		...[...imports].filter((one) => one !== OF_FFI && !brought.has(one)).map((one) => `lacks ${one} on ${platform}`),
		...own.filter((include) => !isNeeded(include)).map((include) => `does not need ${include} on ${platform}`),
	];
}

/** What a part adds to: the engine, the app, and what includes the SDK's. */
const CORE = "core";
/** What `src/platform/lin` brings there. */
const SIMULATED = ["embedded:storage/key-value", "embedded:storage/flash"];
/** Brings what every app has, and the network's set-up, in the simulator the Wi-Fi as well. */
const BASE = /manifest_(base|net)\.json$/;

describe("The parts: one pays for what one includes", () => {
	for (const part of PARTS) {
		it(`${part}.json brings what its modules import, no less and no more`, () =>
			assert.deepEqual(problemsOf(part), []));
	}

	it("a manifest that brings less or more is found", () => {
		const { include, modules, ffi, ...rest } = readManifest(pathOf("ota"));
		const { "iot-jobs/app/ota": app, ...fewer } = modules as Record<string, string>;
		const functions = { ...ffi?.functions, esp_timer_get_time: {} };
		const parts = [...list(include), "./streams.json"];
		const wrong = {
			...rest,
			include: parts,
			modules: { ...fewer, "iot-jobs/base/cbor": "../base/cbor" },
			ffi: { functions },
		};
		assert.deepEqual(problemsOf("ota", wrong), [
			"lacks app/ota",
			"does not need base/cbor",
			"does not need esp_timer_get_time()",
			"does not need streams.json",
		]);
		assert.deepEqual(problemsOf("wifi", { ...readManifest(pathOf("wifi")), include: "./core.json" }).slice(0, 1), [
			"lacks wifi on esp32",
		]);
	});

	// mcconfig compiles what is imported for its types too, and declares the C functions of the included manifests alone.
	for (const part of PARTS) {
		it(`${part}.json has the C functions of what its modules know by type`, () => {
			const functions = [...partsUnder(part)].flatMap((one) =>
				Object.keys(readManifest(pathOf(one)).ffi?.functions ?? {}),
			);
			assert.deepEqual(
				calledBy(knownTo(part)).filter((one) => !functions.includes(one)),
				[],
			);
		});
	}

	it("no module is in two of them, and each that runs is in one", () => {
		const named = [...PARTS.flatMap(modulesOf), ...ALL.modules].toSorted();
		assert.deepEqual(named, [...new Set(named)]);
		const types = allModules().filter((one) => !named.includes(one));
		for (const module of types) assert.doesNotMatch(textOf(module), /^export (?!interface|type|declare)/m, module);
	});

	it("docs/into-your-app.md names each, and its app includes what it imports", () => {
		const page = readFileSync(join(src, "../docs/into-your-app.md"), "utf8");
		for (const include of [...list(readManifest(ALL.path).include), "board.json"])
			assert.ok(page.includes(`\n| \`${basename(include, ".json")}\` `), include);
		const [, app = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
		const { ours } = reachOf([...app.matchAll(/from "iot-jobs\/([^"]+)"/g)].map((match) => match[1] as string));
		const parts = [...page.matchAll(/manifests\/([\w-]+)\.json",/g)].map((match) => match[1] as string);
		const brought = new Set(
			parts.filter((one) => one in ENTRIES).flatMap((one) => [...partsUnder(one)].flatMap(modulesOf)),
		);
		assert.ok(ours.size > 40 && parts.length >= 5);
		assert.deepEqual(
			[...ours].filter((one) => !brought.has(one)),
			[],
		);
	});

	it("src/manifest.json is all that an agent is made of", () => {
		const all = new Set(list(readManifest(ALL.path).include).flatMap((one) => [...partsUnder(basename(one, ".json"))]));
		assert.deepEqual([...all, "topics"].toSorted(), PARTS.toSorted());
		const files = readdirSync(MANIFESTS).map((name) => basename(name, ".json"));
		assert.deepEqual(files.toSorted(), [...PARTS, "board"].toSorted());
	});
});
