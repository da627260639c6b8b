import Flash from "embedded:storage/flash";
import { traced } from "./traced.js";

type Options = Parameters<typeof Flash.open>[0];
interface Status {
	status(): unknown;
}

/** Each call of the SDK's flash, and what comes of it, on a line of the console. */
export default function main(): void {
	const open = (options: object) => Flash.open(options as Options);
	const otadata = open({ path: "otadata" });
	const bytes = (value: ArrayBuffer) => new Uint8Array(value);
	traced("no path", () => open({}));
	traced("no such partition", () => open({ path: "factory" }));
	traced("mode w", () => open({ path: "otadata", mode: "w" }));
	traced("status of otadata", () => (otadata as unknown as Status).status());
	traced("status of a slot", () => (open({ path: "nextota", mode: "r" }) as unknown as Status).status());
	traced("read", () => bytes(otadata.read(4, 0)));
	traced("read past the end", () => otadata.read(4, 8_190));
	traced("erase read-only", () => open({ path: "otadata", mode: "r" }).eraseBlock(1));
	traced("erase past the end", () => otadata.eraseBlock(2));
	traced("erase backwards", () => otadata.eraseBlock(1, 0));
	traced("erase nothing", () => otadata.eraseBlock(1, 1));
	traced("erase all", () => otadata.eraseBlock(0, 2));
	traced("read erased", () => bytes(otadata.read(4, 0)));
	traced("read a slot never written", () => bytes(open({ path: "nextota" }).read(3, 100_000)));
	const spare = open({ path: "nextota" });
	traced("write read-only", () => open({ path: "nextota", mode: "r" }).write(Uint8Array.of(1), 0));
	traced("write past the end", () => spare.write(Uint8Array.of(1, 2), 1_966_079));
	traced("write", () => spare.write(Uint8Array.of(0x0f, 0xff), 4_095));
	traced("write again clears bits alone", () => {
		spare.write(Uint8Array.of(0xf1), 4_095);
		return bytes(spare.read(2, 4_095));
	});
	traced("erase a sector of a slot", () => {
		spare.eraseBlock(0);
		return bytes(spare.read(2, 4_095));
	});
	traced("after close", () => {
		otadata.close();
		return otadata.read(1, 0);
	});
	traced("status after close", () => (otadata as unknown as Status).status());
	trace("done\n");
}
