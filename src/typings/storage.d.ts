/** Moddable SDK, modules/io/storage. @moddable/typings 5.6.0 lacks it. */
declare module "embedded:storage/key-value" {
	export interface KeyValueDomain {
		/** @returns undefined when there is no such key */
		read(key: string): ArrayBuffer | string | undefined;
		/** One key is written whole or not at all. @throws when the storage is full or failed */
		write(key: string, value: ArrayBuffer | Uint8Array | string): void;
		delete(key: string): boolean;
		close(): void;
	}

	const KeyValue: {
		open(options: { path: string; mode?: "r" | "r+"; format?: "buffer" | "string" }): KeyValueDomain;
	};
	export default KeyValue;
}

declare module "embedded:storage/flash" {
	export interface FlashPartition {
		/** @throws past the partition's end */
		read(byteLength: number, byteOffset: number): ArrayBuffer;
		/** By its number, from 0. @throws when the partition was opened for reading alone */
		eraseBlock(block: number): void;
		close(): void;
	}

	const flash: {
		/** `running`: the partition that runs. `nextota`: the one that the next update is written to. */
		open(options: { path: string; mode?: "r" | "r+" }): FlashPartition;
	};
	export default flash;
}

declare module "embedded:update" {
	import type { FlashPartition } from "embedded:storage/flash";

	export interface UpdateWriter {
		/** Mode "a" appends; mode "w" writes at an offset. @throws when it does not fit or the flash failed */
		write(data: ArrayBuffer | Uint8Array, byteOffset?: number): void;
		/** Checks the image and makes its partition the one that boots. @throws when it is no valid image */
		complete(): void;
		/** Without complete() before: abandons the image. */
		close(): void;
	}

	const Update: {
		open(options: { partition: FlashPartition; mode: "a" | "w"; byteLength?: number }): UpdateWriter;
	};
	export default Update;
}
