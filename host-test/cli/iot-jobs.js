#!/usr/bin/env node
// The command's launcher. A clone runs from its sources; what npm has packed has no sources of host-test/, and is compiled.
import { existsSync } from "node:fs";

const source = new URL("./main.ts", import.meta.url);
const isClone = existsSync(source);
if (isClone) await import("../register.js");
const { run } = await import(isClone ? source.href : new URL("../../dist/host-test/cli/main.js", import.meta.url).href);
process.exitCode = await run(process.argv);
