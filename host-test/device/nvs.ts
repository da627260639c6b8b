/**
 * How ESP-IDF's NVS divides a partition among its entries: pages of a sector, each with 126 entries of 32 bytes. A value of a fixed
 * size takes one entry; a text one more than its bytes need; a blob the same for each page that it is on, and an entry for its index.
 * Values are written behind one another and never in place: the old one is erased once the new one is there. One page stays free for
 * moving. Sources, ESP-IDF v6.0: nvs_storage.cpp, nvs_page.cpp, nvs_pagemanager.cpp.
 */
const PAGE_BYTES = 4_096;
const ENTRY_BYTES = 32;
const ENTRIES = 126;
/** Of a text or of a blob's chunk. */
const CHUNK_MAX_BYTES = ENTRY_BYTES * (ENTRIES - 1);
const MAX_NAMESPACES = 254;
export const MAX_KEY_BYTES = 15;

/** `nvs_type_t` (nvs.h) */
export const NvsType = {
	...{ u8: 0x01, u16: 0x02, u32: 0x04, u64: 0x08, i8: 0x11, i16: 0x12, i32: 0x14, i64: 0x18 },
	...{ string: 0x21, blob: 0x42 },
} as const;

/** The SDK throws the name of an `esp_err_t` alone. */
const fail = (name: "NOT_ENOUGH_SPACE" | "VALUE_TOO_LONG" | "KEY_TOO_LONG" | "NOT_FOUND") =>
	new Error(`ESP_ERR_NVS_${name}`);

class Page {
	/** Entries of each item that is written and not erased. */
	readonly items = new Map<string, number>();
	isFull = false;
	#next = 0;

	get used(): number {
		let used = 0;
		for (const span of this.items.values()) used += span;
		return used;
	}

	/** Bytes that the next chunk of a blob may have. */
	get tailroom(): number {
		return this.isFull ? 0 : Math.max(0, ENTRIES - this.#next - 1) * ENTRY_BYTES;
	}

	/** @returns false when the page is full */
	write(item: string, entries: number): boolean {
		if (this.isFull || this.#next + entries > ENTRIES) return false;
		this.items.set(item, entries);
		this.#next += entries;
		return true;
	}

	copyTo(other: Page): void {
		for (const [item, entries] of this.items) other.write(item, entries);
	}
}

/** The pages of one partition. It knows how long values are, not what they are. */
export class NvsPages {
	/** The last is the one that is written to. */
	readonly #pages: Page[] = [];
	readonly #count: number;
	#free: number;
	readonly #namespaces = new Set<string>();
	/** Of each key the items that hold its value. */
	readonly #values = new Map<string, readonly string[]>();
	#written = 0;

	constructor(byteLength: number) {
		this.#count = Math.floor(byteLength / PAGE_BYTES);
		this.#free = this.#count;
		this.#activate();
	}

	/** `nvs_open` @throws where there is none and it may not be made */
	open(namespace: string, mayCreate: boolean): void {
		const name = namespace.slice(0, MAX_KEY_BYTES);
		if (this.#namespaces.has(name)) return;
		if (!mayCreate) throw fail("NOT_FOUND");
		if (this.#namespaces.size === MAX_NAMESPACES) throw fail("NOT_ENOUGH_SPACE");
		checkKey(namespace);
		this.#writeItem(`namespace ${name}`, 1);
		this.#namespaces.add(name);
	}

	/** `nvs_set_...` @throws when the value, or the partition, is too large or too small */
	write(path: string, key: string, type: number, byteLength: number): void {
		this.#written += 1;
		checkKey(key);
		const item = `${path} ${this.#written}`;
		if (type === NvsType.blob) return this.#replace(path, this.#writeBlob(item, byteLength));
		if (type === NvsType.string && byteLength > CHUNK_MAX_BYTES) throw fail("VALUE_TOO_LONG");
		this.#writeItem(item, type === NvsType.string ? 1 + entriesFor(byteLength) : 1);
		this.#replace(path, [item]);
	}

	erase(path: string): void {
		for (const item of this.#values.get(path) ?? []) this.#eraseItem(item);
		this.#values.delete(path);
	}

	#replace(path: string, items: readonly string[]): void {
		this.erase(path);
		this.#values.set(path, items);
	}

	get #current(): Page {
		return this.#pages.at(-1) as Page;
	}

	#writeItem(item: string, entries: number): void {
		if (this.#current.write(item, entries)) return;
		this.#current.isFull = true;
		this.#requestPage();
		if (!this.#current.write(item, entries)) throw fail("NOT_ENOUGH_SPACE");
	}

	#eraseItem(item: string): void {
		for (const { items } of this.#pages) if (items.delete(item)) return;
	}

	/** `writeMultiPageBlob` @returns its items */
	#writeBlob(item: string, byteLength: number): string[] {
		if (byteLength > Math.min(this.#count - 1, 127) * CHUNK_MAX_BYTES) throw fail("VALUE_TOO_LONG");
		this.#makeRoom(byteLength);
		const items: string[] = [];
		try {
			for (let left = byteLength; left > 0 || items.length === 0; ) {
				const chunk = `${item} ${items.length}`;
				items.push(chunk);
				left -= this.#writeChunk(chunk, left);
			}
			items.push(item); // its index
			if (!this.#current.write(item, 1)) throw fail("NOT_ENOUGH_SPACE");
			return items;
		} catch (error) {
			for (const written of items) this.#eraseItem(written);
			throw error;
		}
	}

	/** @returns how many bytes there was room for on the page */
	#writeChunk(chunk: string, left: number): number {
		const page = this.#current;
		const { tailroom } = page;
		if (tailroom === 0) throw fail("NOT_ENOUGH_SPACE");
		const bytes = Math.min(left, tailroom);
		page.write(chunk, 1 + entriesFor(bytes));
		if (bytes < left || tailroom - bytes < ENTRY_BYTES) {
			page.isFull = true;
			this.#requestPage();
		}
		return bytes;
	}

	/** No chunk is begun in what is almost the end of a page. */
	#makeRoom(byteLength: number): void {
		for (;;) {
			const { tailroom } = this.#current;
			const fits = tailroom >= byteLength && (tailroom > 0 || byteLength > 0);
			if (fits || tailroom >= CHUNK_MAX_BYTES / 10) return;
			this.#current.isFull = true;
			this.#requestPage();
			if (this.#current.tailroom === tailroom) throw fail("NOT_ENOUGH_SPACE");
		}
	}

	/** The last free page is for moving what is left of the emptiest. */
	#requestPage(): void {
		if (this.#free >= 2) return this.#activate();
		const emptiest = this.#pages.reduce((best, page) => (page.used < best.used ? page : best));
		if (this.#free === 0 || emptiest.used === ENTRIES) throw fail("NOT_ENOUGH_SPACE");
		this.#activate();
		emptiest.copyTo(this.#current);
		this.#pages.splice(this.#pages.indexOf(emptiest), 1);
		this.#free += 1;
	}

	#activate(): void {
		this.#free -= 1;
		this.#pages.push(new Page());
	}
}

function entriesFor(byteLength: number): number {
	return Math.ceil(byteLength / ENTRY_BYTES);
}

function checkKey(key: string): void {
	if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw fail("KEY_TOO_LONG");
}
