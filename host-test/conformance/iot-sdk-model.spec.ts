import assert from "node:assert/strict";
import * as iot from "@aws-sdk/client-iot";
import { OPERATIONS } from "../emulator/api/operations.js";
import { OUTSIDE } from "../emulator/api/outside.js";

interface Known {
	readonly route: string;
	/** undefined: the operation is not there. */
	readonly members: readonly string[] | undefined;
}

/** Tuples in which the SDK keeps its model: what each part is, is in `@smithy/types`, "schema". */
type Structure = readonly [kind: number, namespace: string, name: string, traits: unknown, members?: readonly string[]];
type Operation = readonly [
	...[kind: 9, namespace: string, name: string, traits: { readonly http: readonly [string, string, number] }],
	...[input: Structure | (() => Structure)],
];
const OPERATION = 9;

function modelled(): Map<string, Known> {
	const schemas = Object.values(iot).filter((value): value is never => Array.isArray(value) && value[0] === OPERATION);
	return new Map(
		(schemas as Operation[]).map(([, , name, { http }, input]) => {
			const [, , , , members = []] = typeof input === "function" ? input() : input;
			const route = `${http[0]} ${http[1].replace(/\{\w+\+\}/g, "*")}`;
			return [name, { route, members: [...members].sort() }];
		}),
	);
}

function known(): Map<string, Known> {
	const there = Object.entries(OPERATIONS).map(([name, { route, honoured, refused, idle }]): [string, Known] => {
		const members = `${honoured} ${refused ?? ""} ${idle ?? ""}`.split(" ").filter((member) => member !== "");
		return [name, { route, members: members.sort() }];
	});
	const outside = Object.values(OUTSIDE)
		.flat()
		.map((line): [string, Known] => {
			const [name = "", ...route] = line.split(" ");
			return [name, { route: route.join(" "), members: undefined }];
		});
	return new Map([...there, ...outside]);
}

describe("@aws-sdk/client-iot: its model and docs/api.md", () => {
	it("have the same operations, at the same paths", () => {
		const routes = (all: Map<string, Known>) => [...all].map(([name, { route }]) => `${name} ${route}`).sort();
		const model = routes(modelled());
		assert.ok(model.length > 250);
		assert.deepEqual(routes(known()), model);
	});

	it("have the same members of each operation that is there", () => {
		const model = modelled();
		for (const [name, { members }] of known())
			if (members !== undefined) assert.deepEqual(members, model.get(name)?.members, name);
	});
});
