import { open } from "lmdb";

// Reads all that is in a store, in a process of its own: LMDB trusts its file, and a damaged one ends the process that maps it.
const database = open({ path: process.argv[2], readOnly: true });
for (const { key, value } of database.getRange()) if (key === undefined || value === undefined) process.exit(1);
await database.close();
