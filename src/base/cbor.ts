/**
 * The part of CBOR (RFC 8949) that AWS's file streams use: maps of short keys with numbers, texts and byte strings, of
 * definite or of indefinite length. Nothing is copied: a byte string is a view into the message.
 */

const Major = Object.freeze(
	{ Unsigned: 0, Negative: 1, Bytes: 2, Text: 3, Array: 4, Map: 5, Tag: 6, Simple: 7 } as const,
	true,
);
const INDEFINITE = 31;
const BREAK = 0xff;
/** Deeper than anything that is expected: a hostile message must not exhaust the stack. */
const MAX_DEPTH = 4;

export type CborValue = number | string | Uint8Array | undefined;

/**
 * Reads a map, and nothing behind it.
 *
 * @param onEntry called for each entry; the value is undefined where it is of no kind that is used here
 * @returns false when the bytes are not such a map: entries may have been told by then
 */
export function readCborMap(bytes: Uint8Array, onEntry: (key: string, value: CborValue) => void): boolean {
	const reader = new Reader(bytes);
	return reader.map(onEntry) && reader.atEnd;
}

class Reader {
	private readonly bytes: Uint8Array;
	private at = 0;
	/** Of the item whose head was read last. */
	private major = 0;
	private count = 0;
	private indefinite = false;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}

	get atEnd(): boolean {
		return this.at === this.bytes.byteLength;
	}

	map(onEntry: (key: string, value: CborValue) => void): boolean {
		if (!this.head() || this.major !== Major.Map) return false;
		return this.each(() => {
			const key = this.head() && this.isPlain(Major.Text) ? this.text() : undefined;
			return key !== undefined && this.head() && this.value((value) => onEntry(key, value));
		});
	}

	/** What is behind the head that was read. @returns false when it is broken */
	private value(onValue: (value: CborValue) => void): boolean {
		let value: CborValue;
		if (this.major === Major.Unsigned) value = this.count;
		else if (this.isPlain(Major.Bytes)) value = this.slice();
		else if (this.isPlain(Major.Text)) value = this.text();
		else if (this.skip(MAX_DEPTH)) {
			onValue(undefined);
			return true;
		}
		if (value !== undefined) onValue(value);
		return value !== undefined;
	}

	private isPlain(major: number): boolean {
		return this.major === major && !this.indefinite;
	}

	/** Reads the items of the container whose head was read; of a map, `item` reads key and value. */
	private each(item: () => boolean): boolean {
		const indefinite = this.indefinite;
		for (let left = this.count; indefinite ? !this.isBreak() : left > 0; left -= 1) if (!item()) return false;
		return true;
	}

	/** The initial byte and its argument. @returns false past the end, and for what is reserved */
	private head(): boolean {
		const initial = this.bytes[this.at];
		if (initial === undefined) return false;
		this.at += 1;
		this.major = initial >> 5;
		const short = initial & 31;
		this.indefinite = short === INDEFINITE;
		this.count = short;
		if (short < 24 || this.indefinite) return !this.indefinite || this.mayBeIndefinite();
		if (short > 27) return false;
		const length = 1 << (short - 24);
		if (this.at + length > this.bytes.byteLength) return false;
		this.count = 0;
		for (let i = 0; i < length; i += 1) this.count = this.count * 256 + (this.bytes[this.at + i] as number);
		this.at += length;
		return true;
	}

	private mayBeIndefinite(): boolean {
		return this.major >= Major.Bytes && this.major <= Major.Map;
	}

	private isBreak(): boolean {
		if (this.bytes[this.at] !== BREAK) return false;
		this.at += 1;
		return true;
	}

	/** The content of a string whose head was read. */
	private slice(): Uint8Array | undefined {
		const end = this.at + this.count;
		if (end > this.bytes.byteLength) return undefined;
		const slice = this.bytes.subarray(this.at, end);
		this.at = end;
		return slice;
	}

	private text(): string | undefined {
		const from = this.at;
		if (this.slice() === undefined) return undefined;
		try {
			const { buffer, byteOffset } = this.bytes;
			return String.fromArrayBuffer(buffer as ArrayBuffer, byteOffset + from, this.at - from);
		} catch {
			return undefined; // not UTF-8
		}
	}

	/** Leaves out what is behind the head that was read. */
	private skip(depth: number): boolean {
		const major = this.major;
		if (major < Major.Bytes || major === Major.Simple) return true;
		if (this.isPlain(Major.Bytes) || this.isPlain(Major.Text)) return this.slice() !== undefined;
		const one = () => depth > 0 && this.head() && this.skip(depth - 1);
		if (major === Major.Tag) return one();
		return this.each(major === Major.Map ? () => one() && one() : one);
	}
}
