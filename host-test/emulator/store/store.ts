import { spawnSync } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Database, open } from "lmdb";
import { privateFiles, privateFolder } from "../base/private-files.js";

/** Reading 100,000 values takes a second; a damaged store can lead in circles. */
const CHECK_MS = 60_000;

/**
 * So much of LMDB's file is on the disk before LMDB writes there: the write fails here, where the disk is full. In LMDB it
 * may end the process: lmdb 3.5.6 prints its error into 100 bytes that are too few (mdb_page_flush of its mdb.c).
 */
const AHEAD_BYTES = 8 * 1_024 * 1_024;
/** What a change of a thing or a job usually writes in pages of the tree: one for what is pending, one for what has ended. */
const CHANGE_BYTES = 8 * 1_024;
const ZEROS = Buffer.alloc(1_024 * 1_024);

/** Under what a value is kept: its kind, and the names that identify it. */
export type Key = readonly [kind: string, ...names: (string | number)[]];

/**
 * Values on disk, in LMDB, for everything in the emulator that outlasts the process. What was put is there after the
 * process was killed, at whatever instant. It is not flushed to the disk each time, since no message could be answered
 * before the disk is done: a machine that loses power may lose the last seconds, or leave a damaged file (MDB_NOSYNC in lmdb.h),
 * which the next start finds.
 */
export class Store {
	readonly #database: Database<unknown, (string | number)[]>;
	readonly #lock: string;
	readonly #file: number;
	/** What the disk said when it did not take what was reserved: LMDB's memory is not to be trusted after that. */
	#failure: Error | undefined;

	/** @throws when the directory cannot be written, what is in it is damaged, or another emulator uses it */
	constructor(directory: string) {
		privateFolder(directory);
		this.#lock = join(directory, "process");
		const owner = ownerOf(this.#lock);
		if (owner !== undefined)
			throw new Error(`${directory}: process ${owner} uses it; end that process, or choose another --dir`);
		if (existsSync(join(directory, "data.mdb"))) checkStore(directory);
		writeFileSync(this.#lock, `${process.pid} ${startOf(process.pid)}`);
		this.#database = open({ path: directory, noSync: true, maxReaders: 8 });
		this.#file = openSync(join(directory, "data.mdb"), "r+");
		this.#reserve(AHEAD_BYTES);
		privateFiles(...["data.mdb", "lock.mdb", "process"].map((name) => join(directory, name)));
	}

	/** @throws when the disk is full */
	put([...key]: Key, value: unknown): void {
		this.#write(() => this.#database.putSync(key, value));
	}

	/** @throws as `put` */
	remove([...key]: Key): void {
		this.#write(() => this.#database.removeSync(key));
	}

	/** All values of a kind, in the order of their names. */
	all<T>(kind: string): T[] {
		return [...this.#database.getRange({ start: [kind], end: [kind, "\uffff"] })].map(({ value }) => value as T);
	}

	/**
	 * Everything that `change` puts and removes is kept, or nothing.
	 *
	 * @param count how many things and jobs change
	 * @throws as `put`, and what `change` throws
	 */
	together(count: number, change: () => void): void {
		this.#write(() => this.#database.transactionSync(change), count);
	}

	#write(write: () => void, count = 1): void {
		if (this.#failure !== undefined) throw this.#failure;
		this.#reserve(AHEAD_BYTES + count * CHANGE_BYTES);
		try {
			write();
		} catch (error) {
			const { code, message } = error as { code?: unknown; message?: unknown };
			// The system's errors have positive numbers; LMDB's own, such as that of a key too long, negative ones.
			if (typeof code !== "number" || code <= 0) throw error;
			this.#failure = new Error(`the disk takes no more (${message}): make room, and start the emulator again`);
			throw this.#failure;
		}
	}

	async close(): Promise<void> {
		await this.#database.close();
		closeSync(this.#file);
		rmSync(this.#lock, { force: true });
	}

	/** @throws when the disk is full */
	#reserve(bytes: number): void {
		const { lastPageNumber, pageSize } = this.#database.getStats() as { lastPageNumber: number; pageSize: number };
		const used = (lastPageNumber + 1) * pageSize;
		let { size } = fstatSync(this.#file);
		if (size >= used + bytes) return;
		// More than asked for, so that it is not for each change.
		while (size < used + bytes + AHEAD_BYTES) size += writeSync(this.#file, ZEROS, 0, ZEROS.length, size);
	}
}

/** @throws when not all of a store can be read: its file was cut off, or written over */
function checkStore(directory: string): void {
	const check = fileURLToPath(new URL("check-store.js", import.meta.url));
	const { status } = spawnSync(process.execPath, [check, directory], { stdio: "ignore", timeout: CHECK_MS });
	if (status !== 0) throw new Error(`${directory}: the store is damaged; delete this directory to begin anew`);
}

/** The process that uses the store in a directory, or undefined. */
export const userOf = (directory: string) => ownerOf(join(directory, "process"));

/** The process that uses a store; undefined when it has ended, even if it was killed and another one has its number. */
function ownerOf(lock: string): number | undefined {
	const [number = "", start] = existsSync(lock) ? readFileSync(lock, "utf8").split(" ") : [];
	const owner = Number(number);
	if (!Number.isInteger(owner) || owner <= 0) return undefined;
	try {
		process.kill(owner, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined; // EPERM: it is another user's
	}
	return start === undefined || start === startOf(owner) ? owner : undefined;
}

/** When a process was started, in Linux's ticks since the boot: the 22nd field of proc(5)'s stat. Elsewhere "". */
function startOf(pid: number): string {
	const path = `/proc/${pid}/stat`;
	if (!existsSync(path)) return "";
	const stat = readFileSync(path, "utf8");
	// The second field is the program's name in parentheses, with whatever in it.
	return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
