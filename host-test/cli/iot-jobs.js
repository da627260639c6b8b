#!/usr/bin/env node
// The command's launcher: plain JavaScript, so that it runs before TypeScript can be loaded.
import "../register.js";

const { run } = await import("./main.ts");
process.exitCode = await run(process.argv);
