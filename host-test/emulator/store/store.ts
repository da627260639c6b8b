import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Database, open } from "lmdb";

/** What is kept, by its kind and the names that identify it. */
export type Key = readonly [kind: string, ...names: (string | number)[]];

/**
 * The emulator's state on disk, in LMDB: what was put is there after the process was killed, at whatever instant. It is not
 * forced to the disk each time (a machine that loses power may lose the last seconds): an emulator that would wait for
 * the disk with each message would be no use.
 */
export class Store {
	readonly #database: Database<unknown, (string | number)[]>;
	readonly #lock: string;

	/** @throws when the directory cannot be written, or another emulator uses it */
	constructor(directory: string) {
		mkdirSync(directory, { recursive: true });
		this.#lock = join(directory, "process");
		const owner = ownerOf(this.#lock);
		if (owner !== undefined)
			throw new Error(`${directory}: process ${owner} uses it; end that one, or choose another --dir`);
		writeFileSync(this.#lock, String(process.pid));
		this.#database = open({ path: directory, noSync: true, maxReaders: 8 });
	}

	put([...key]: Key, value: unknown): void {
		this.#database.putSync(key, value);
	}

	remove([...key]: Key): void {
		this.#database.removeSync(key);
	}

	/** All of a kind, by name. */
	all<T>(kind: string): T[] {
		return [...this.#database.getRange({ start: [kind], end: [kind, "\uffff"] })].map(({ value }) => value as T);
	}

	/** All that is put in between is there, or none of it. */
	together(change: () => void): void {
		this.#database.transactionSync(change);
	}

	async close(): Promise<void> {
		await this.#database.close();
		rmSync(this.#lock, { force: true });
	}
}

/** The process that uses a store, unless it has gone without a word. */
function ownerOf(lock: string): number | undefined {
	const owner = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
	if (!Number.isInteger(owner) || owner <= 0) return undefined;
	try {
		process.kill(owner, 0);
		return owner;
	} catch {
		return undefined;
	}
}
