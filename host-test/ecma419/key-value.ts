import { Machine } from "../machine/machine.js";
import { bytesOf } from "./bytes-of.js";

/** Of NVS: what each of the SDK's formats is stored as (`nvs_type_t`), and how a number is cut to its size. */
const FORMATS = {
	...{ buffer: 0x42, string: 0x21, uint8: 0x01, int8: 0x11, uint16: 0x02, int16: 0x12 },
	...{ uint32: 0x04, int32: 0x14, uint64: 0x08, int64: 0x18 },
} as const;
type Format = keyof typeof FORMATS;

type Value = ArrayBuffer | Uint8Array | string | number | bigint;

/** Bytes of a text that NVS takes for a name; where it looks for one it forgets the rest. */
const NAME_BYTES = 15;
/** The SDK copies names into a buffer of 64 bytes. */
const MAX_NAME_BYTES = 63;

/** `embedded:storage/key-value` as storage-esp32.c has it, over NVS. */
class Domain {
	readonly #machine = Machine.current;
	readonly #path: string;
	readonly #writable: boolean;
	#format: Format;
	#closed = false;

	constructor(path: string, format: Format, writable: boolean) {
		this.#path = path;
		this.#format = format;
		this.#writable = writable;
	}

	get format(): Format {
		return this.#format;
	}

	set format(format: Format) {
		if (!(format in FORMATS)) throw new RangeError("unsupported");
		this.#format = format;
	}

	read(key: string): Value | undefined {
		const found = this.#hardware().readKey(this.#path, nameOf(key).slice(0, NAME_BYTES));
		if (found === undefined) return undefined;
		if (found.type === FORMATS[this.#format]) return decode(this.#format, found.bytes);
		if (this.#format === "buffer" || this.#format === "string") throw new TypeError("mismatch");
		return undefined; // a number of another size is none
	}

	write(key: string, value: Value): void {
		const hardware = this.#hardware();
		const name = nameOf(key);
		if (!this.#writable) throw new Error("read-only");
		const bytes = encode(this.#format, value);
		const type = FORMATS[this.#format];
		this.#machine.operation("storage", (torn) => hardware.writeKey(this.#path, name, { type, bytes }, torn));
	}

	delete(key: string): void {
		const hardware = this.#hardware();
		const name = nameOf(key).slice(0, NAME_BYTES);
		if (!this.#writable) throw new Error("read-only");
		this.#machine.operation("storage", () => hardware.deleteKey(this.#path, name));
	}

	close(): void {
		this.#closed = true;
	}

	#hardware() {
		this.#machine.alive();
		if (this.#closed) throw new SyntaxError("C: xsGetHostChunk: invalid host data");
		return this.#machine.hardware;
	}
}

function nameOf(name: unknown): string {
	const text = String(name);
	if (Buffer.byteLength(text) > MAX_NAME_BYTES) throw new RangeError("cannot buffer string");
	return text;
}

function decode(format: Format, bytes: Uint8Array): Value {
	const buffer = Buffer.from(bytes);
	if (format === "buffer") return Uint8Array.from(bytes).buffer;
	if (format === "string") return buffer.toString("utf8", 0, buffer.byteLength - 1);
	if (format === "int64") return buffer.readBigInt64LE();
	if (format === "uint64") return buffer.readBigUInt64LE();
	return format.startsWith("u") ? buffer.readUIntLE(0, buffer.byteLength) : buffer.readIntLE(0, buffer.byteLength);
}

function encode(format: Format, value: Value): Uint8Array {
	if (format === "buffer") return bytesOf(value);
	if (format === "string") return Buffer.from(`${value}\0`);
	const bytes = Buffer.alloc(FORMATS[format] & 0x0f);
	const whole = bytes.byteLength === 8 ? BigInt(value as bigint) : BigInt(Math.trunc(Number(value)) || 0);
	const all = Buffer.alloc(8);
	all.writeBigUInt64LE(BigInt.asUintN(64, whole));
	all.copy(bytes);
	return bytes;
}

export default {
	open({ path, format, mode }: { path: string; mode?: string; format?: string }): Domain {
		const machine = Machine.current;
		machine.alive();
		if (path === undefined) throw new Error("no path");
		const domain = nameOf(path);
		if (domain === "") throw new Error("invalid");
		if (mode !== undefined && mode !== "r" && mode !== "r+") throw new Error("invalid mode");
		const chosen = format || "buffer";
		if (!(chosen in FORMATS)) throw new RangeError("unsupported");
		const name = domain.endsWith("/") ? domain.slice(0, -1) : domain;
		machine.hardware.openKeys(name, mode !== "r");
		return new Domain(name.slice(0, NAME_BYTES), chosen as Format, mode !== "r");
	},
};
