import KeyValue from "embedded:storage/key-value";
import { traced } from "./traced.js";

type Options = Parameters<typeof KeyValue.open>[0];

/** Each call of the SDK's storage, and what comes of it, on a line of the console. */
export default function main(): void {
	// The declarations have what src/ uses alone.
	const open = (options: object) => KeyValue.open(options as Options);
	const text = (value: unknown) => value as string;
	const all = open({ path: "all" });
	const as = (format: string) => open({ path: "all", format });
	traced("read what is not there", () => all.read("none"));
	traced("delete what is not there", () => all.delete("none"));
	traced("write a view", () => all.write("view", new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)));
	traced("read a buffer", () => new Uint8Array(all.read("view") as ArrayBuffer));
	traced("delete it", () => all.delete("view"));
	traced("read it again", () => all.read("view"));
	traced("write text as buffer", () => all.write("text", "abc"));
	traced("write text", () => as("string").write("text", "grün"));
	traced("read text", () => as("string").read("text"));
	traced("read text as buffer", () => all.read("text"));
	traced("read text as number", () => as("uint8").read("text"));
	traced("write -1 as uint8", () => as("uint8").write("u8", text(-1)));
	traced("read uint8", () => as("uint8").read("u8"));
	traced("read uint8 as int8", () => as("int8").read("u8"));
	traced("read uint8 as text", () => as("string").read("u8"));
	traced("write int32", () => as("int32").write("i32", text(-7.9)));
	traced("read int32", () => as("int32").read("i32"));
	traced("write uint64", () => as("uint64").write("u64", text(1n << 40n)));
	traced("read uint64", () => as("uint64").read("u64"));
	traced("format", () => (all as unknown as { format: string }).format);
	traced("format number", () => as("number"));
	traced("key of 15", () => all.write("123456789012345", new ArrayBuffer(1)));
	traced("key of 16", () => all.write("1234567890123456", new ArrayBuffer(1)));
	traced("read key of 16", () => new Uint8Array(all.read("1234567890123456") as ArrayBuffer));
	traced("key of 64", () => all.read("x".repeat(64)));
	traced("no path", () => open({}));
	traced("empty path", () => open({ path: "" }));
	traced("path of 16", () => open({ path: "1234567890123456" }));
	traced("mode w", () => open({ path: "all", mode: "w" }));
	traced("read a domain that is not there", () => open({ path: "other", mode: "r" }));
	traced("path with a slash", () => typeof open({ path: "all/", mode: "r" }).read("text"));
	traced("write read-only", () => open({ path: "all", mode: "r" }).write("x", new ArrayBuffer(1)));
	traced("delete read-only", () => open({ path: "all", mode: "r" }).delete("x"));
	traced("text of 4,000 bytes", () => as("string").write("long", "x".repeat(3_999)));
	traced("text of 4,001 bytes", () => as("string").write("long", "x".repeat(4_000)));
	traced("blob of 70,000 bytes", () => all.write("blob", new ArrayBuffer(70_000)));
	traced("its length", () => (all.read("blob") as ArrayBuffer).byteLength);
	traced("after close", () => {
		all.close();
		return all.read("blob");
	});
	trace("done\n");
}
