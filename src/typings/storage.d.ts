/**
 * Moddable SDK 8, typings/embedded/storage, of which @moddable/typings 5.6.0 has nothing.
 * Declared is what src/ uses, under the SDK's names: mcconfig compiles src/ with the SDK's own declarations.
 */
declare module "embedded:storage/key-value" {
	export class Storage {
		/** @returns undefined when there is no such key */
		read(key: string): ArrayBuffer | string | number | bigint | undefined;
		/** One key is written whole or not at all. @throws when the storage is full or failed */
		write(key: string, value: ArrayBuffer | Uint8Array | string): void;
		delete(key: string): void;
		close(): void;
	}

	const KeyValueStorage: {
		open(options: { path: string; mode?: "r" | "r+"; format?: "buffer" | "string" }): Storage;
	};
	export default KeyValueStorage;
}

declare module "embedded:storage/flash" {
	export class Flash {
		/** @throws past the partition's end */
		read(byteLength: number, byteOffset: number): ArrayBuffer;
		/** By its number, from 0. @throws when the partition was opened for reading alone */
		eraseBlock(start: number, end?: number): void;
		/** As NOR flash: clears bits, which only an erase sets. @throws when the partition was opened for reading alone */
		write(buffer: ArrayBuffer | Uint8Array, byteOffset: number): void;
		close(): void;
	}

	const FlashStorage: {
		/** `running`: the partition that runs. `nextota`: the one that the next update is written to. */
		open(options: { path: string; mode?: "r" | "r+" }): Flash;
	};
	export default FlashStorage;
}
