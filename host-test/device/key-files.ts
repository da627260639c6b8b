import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoredValue } from "../machine/hardware.js";
import { NvsPages, NvsType } from "./nvs.js";

/**
 * The NVS partition of a device: a file for each key, in which the value's type comes first. What has room is told by the pages that the
 * partition would have. They are divided anew when the files are read, as by a board that was just set up.
 */
export class KeyFiles {
	/** A defect: the storage is full, cannot be opened, takes writes that cannot be read, or takes none and does not say so. */
	failure: "full" | "unreadable" | "unread" | "silent" | undefined;
	/** A domain that is full, while the others are not. */
	fullDomain: string | undefined;
	readonly #folder: string;
	readonly #byteLength: number;
	#pages: NvsPages | undefined;

	/** @param byteLength of the partition */
	constructor(directory: string, byteLength: number) {
		this.#folder = join(directory, "nvs");
		this.#byteLength = byteLength;
		mkdirSync(this.#folder, { recursive: true });
	}

	/** @throws when the storage is broken, or a domain is to be read that nobody has opened for writing */
	openKeys(domain: string, writable: boolean): void {
		if (this.failure === "unreadable") throw new Error("ESP_ERR_NVS_NO_FREE_PAGES");
		if (this.failure !== "full" && this.fullDomain !== domain) this.#room().open(domain, writable);
	}

	readKey(domain: string, key: string): Uint8Array | undefined {
		return this.readValue(domain, key)?.bytes;
	}

	/** As the device reads it. @throws when the storage is broken */
	loadKey(domain: string, key: string): StoredValue | undefined {
		if (this.failure === "unread") throw new Error("ESP_ERR_NVS_INVALID_STATE");
		return this.readValue(domain, key);
	}

	readValue(domain: string, key: string): StoredValue | undefined {
		const path = this.#path(domain, key);
		if (!existsSync(path)) return undefined;
		const file = readFileSync(path);
		return { type: file[0] as number, bytes: file.subarray(1) };
	}

	/** @throws when there is no room */
	writeKey(domain: string, key: string, bytes: Uint8Array, type: number = NvsType.blob): void {
		if (this.failure === "full" || this.fullDomain === domain) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
		if (this.failure === "silent") return;
		const before = this.readValue(domain, key);
		if (before?.type === type && Buffer.from(before.bytes).equals(bytes)) return; // NVS does not write it again
		this.#room().open(domain, true);
		this.#room().write(`${domain}/${key}`, key, type, bytes.byteLength);
		mkdirSync(join(this.#folder, encodeURIComponent(domain)), { recursive: true });
		writeFileSync(this.#path(domain, key), Buffer.concat([Buffer.of(type), bytes]));
	}

	deleteKey(domain: string, key: string): void {
		this.#room().erase(`${domain}/${key}`);
		rmSync(this.#path(domain, key), { force: true });
	}

	/** ESP-IDF's `nvs_flash_erase`. */
	eraseKeys(): void {
		rmSync(this.#folder, { recursive: true, force: true });
		mkdirSync(this.#folder);
		this.#pages = undefined;
	}

	#room(): NvsPages {
		if (this.#pages !== undefined) return this.#pages;
		const pages = new NvsPages(this.#byteLength);
		for (const folder of readdirSync(this.#folder)) {
			const domain = decodeURIComponent(folder);
			pages.open(domain, true);
			for (const file of readdirSync(join(this.#folder, folder))) {
				const key = decodeURIComponent(file);
				const { type, bytes } = this.readValue(domain, key) as StoredValue;
				pages.write(`${domain}/${key}`, key, type, bytes.byteLength);
			}
		}
		this.#pages = pages;
		return pages;
	}

	#path(domain: string, key: string): string {
		return join(this.#folder, encodeURIComponent(domain), encodeURIComponent(key));
	}
}
