import { Digest } from "crypt";
import type { Reason } from "../agent/reasons.js";
import type { Firmware, FirmwareWriter } from "../platform/firmware.js";
import { Download, type HttpNetwork } from "../transport/download.js";
import type { RequestedImage } from "./ota-document.js";
import { equalBytes } from "./running-image.js";

export interface ImageDownloadListener {
	/** A tenth more of the image is in the flash. */
	onProgress(percent: number): void;
	/** The image is whole and its digest is right; it is not bootable yet. */
	onImage(writer: FirmwareWriter): void;
	/** @param retry whether another try may go better */
	onFailed(reason: Reason, error: string, retry: boolean): void;
	log(text: string): void;
}

/** One try to bring an image over HTTPS into the update partition: streamed, hashed, never held whole in memory. */
export class ImageDownload {
	readonly #image: RequestedImage;
	readonly #listener: ImageDownloadListener;
	readonly #digest = new Digest("SHA256");
	#writer: FirmwareWriter | undefined;
	#download: Download | undefined;
	#received = 0;
	#percent = 0;

	constructor(firmware: Firmware, network: HttpNetwork, image: RequestedImage, listener: ImageDownloadListener) {
		this.#image = image;
		this.#listener = listener;
		this.#writer = firmware.open(image.size);
		this.#download = new Download(network, image.url, {
			onData: (bytes) => this.#data(bytes),
			onDone: () => this.#done(),
			onError: (reason, retry) => this.#fail("downloadFailed", reason, retry),
			log: (text) => listener.log(text),
		});
	}

	/** Gives up what is not complete: the partition is left as it is. */
	close(): void {
		this.#download?.close();
		this.#download = undefined;
		const writer = this.#writer;
		this.#writer = undefined;
		writer?.close();
	}

	#data(bytes: ArrayBuffer): void {
		const { size } = this.#image;
		if (this.#received + bytes.byteLength > size) {
			return this.#fail("sizeMismatch", `more than ${size} bytes`, false);
		}
		try {
			this.#writer?.write(bytes);
		} catch (error) {
			return this.#fail("imageRejected", String(error), false);
		}
		this.#digest.write(bytes);
		this.#received += bytes.byteLength;
		const percent = Math.floor((this.#received * 10) / size) * 10;
		if (percent === this.#percent || percent === 100) return;
		this.#percent = percent;
		this.#listener.onProgress(percent);
	}

	#done(): void {
		const { size, sha256 } = this.#image;
		if (this.#received !== size) {
			return this.#fail("sizeMismatch", `${this.#received} of ${size} bytes`, false);
		}
		if (!equalBytes(new Uint8Array(this.#digest.close()), sha256)) {
			return this.#fail("digestMismatch", "the SHA-256 is another one", false);
		}
		const writer = this.#writer;
		this.#writer = undefined;
		if (writer !== undefined) this.#listener.onImage(writer);
	}

	#fail(reason: Reason, error: string, retry: boolean): void {
		this.close();
		this.#listener.onFailed(reason, error, retry);
	}
}
