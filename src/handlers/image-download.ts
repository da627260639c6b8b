import { Digest } from "crypt";
import type { Reason } from "../agent/reasons.js";
import type { Firmware, FirmwareWriter } from "../platform/firmware.js";
import { Download, type HttpNetwork, type Remedy } from "../transport/download.js";
import type { HttpsUrl } from "../transport/url.js";
import { isSigned } from "./code-signature.js";
import { HEADER_BYTES, headerProblem } from "./image-header.js";
import type { RequestedImage } from "./ota-document.js";
import { equalBytes } from "./running-image.js";

export interface ImageDownloadListener {
	/** A tenth more of the image is in the flash. */
	onProgress(percent: number): void;
	/** The image is whole and its digest is right; it is not bootable yet. */
	onImage(writer: FirmwareWriter): void;
	onFailed(reason: Reason, error: string, remedy: Remedy): void;
	log(text: string): void;
}

/** Whose images are installed. */
export interface Trust {
	readonly publicKey: Uint8Array | undefined;
	readonly requireSignature: boolean;
}

/**
 * Brings an image over HTTPS into the update partition: streamed, hashed, never held whole in memory. After a lost
 * connection it goes on where it was, if the server lets it.
 */
export class ImageDownload {
	readonly #firmware: Firmware;
	readonly #image: RequestedImage;
	readonly #trust: Trust;
	readonly #listener: ImageDownloadListener;
	readonly #header = new Uint8Array(HEADER_BYTES);
	#digest = new Digest("SHA256");
	#writer: FirmwareWriter | undefined;
	#download: Download | undefined;
	/** Bytes that are in the flash. */
	#received = 0;
	#percent = 0;
	#etag: string | undefined;

	/** @throws when the image does not fit */
	constructor(firmware: Firmware, image: RequestedImage, trust: Trust, listener: ImageDownloadListener) {
		this.#firmware = firmware;
		this.#trust = trust;
		this.#image = image;
		this.#listener = listener;
		this.#writer = firmware.open(image.size);
	}

	/** Bytes of the image that have come. */
	get received(): number {
		return this.#received;
	}

	/** Begins, or goes on after onFailed with a remedy. */
	fetch(network: HttpNetwork, url: HttpsUrl): void {
		const range = { from: this.#received, etag: this.#etag };
		this.#download = new Download(network, url, range, {
			onStart: (offset, etag) => this.#start(offset, etag),
			onData: (bytes) => this.#data(bytes),
			onDone: () => this.#done(),
			onError: (reason, remedy) => this.#failed(reason, remedy),
			log: (text) => this.#listener.log(text),
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

	/** From its beginning again, when the server does not give the rest or has another file by now. */
	#start(offset: number, etag: string | undefined): void {
		this.#etag = etag;
		if (offset === this.#received) return;
		this.#listener.log("the download starts again: the server sends the whole image");
		this.#writer?.close();
		this.#writer = this.#firmware.open(this.#image.size);
		this.#digest = new Digest("SHA256");
		this.#received = this.#percent = 0;
	}

	#data(bytes: ArrayBuffer): void {
		const { size } = this.#image;
		if (this.#received + bytes.byteLength > size) return this.#refuse("sizeMismatch", `more than ${size} bytes`);
		const problem = this.#headerProblem(bytes);
		if (problem !== undefined) return this.#refuse("imageRejected", problem);
		try {
			this.#writer?.write(bytes);
		} catch (error) {
			return this.#refuse("imageRejected", String(error));
		}
		this.#digest.write(bytes);
		this.#received += bytes.byteLength;
		const percent = Math.floor((this.#received * 10) / size) * 10;
		if (percent === this.#percent || percent === 100) return;
		this.#percent = percent;
		this.#listener.onProgress(percent);
	}

	/** Looks at the header as soon as it is whole. */
	#headerProblem(bytes: ArrayBuffer): string | undefined {
		const from = this.#received;
		if (from >= HEADER_BYTES) return undefined;
		const piece = new Uint8Array(bytes, 0, Math.min(bytes.byteLength, HEADER_BYTES - from));
		this.#header.set(piece, from);
		return from + piece.byteLength < HEADER_BYTES ? undefined : headerProblem(this.#header, this.#firmware);
	}

	#done(): void {
		const { size, sha256 } = this.#image;
		if (this.#received !== size) return this.#refuse("sizeMismatch", `${this.#received} of ${size} bytes`);
		const digest = new Uint8Array(this.#digest.close());
		if (!equalBytes(digest, sha256)) return this.#refuse("digestMismatch", "the SHA-256 is another one");
		if (!this.#isTrusted(digest)) return this.#refuse("signatureInvalid", "not signed by the key that is trusted");
		const writer = this.#writer;
		this.#writer = undefined;
		if (writer !== undefined) this.#listener.onImage(writer);
	}

	/** Without a key a signature says nothing; where one is demanded, that is not enough. */
	#isTrusted(digest: Uint8Array): boolean {
		const { publicKey, requireSignature } = this.#trust;
		const { signature } = this.#image;
		if (publicKey === undefined || signature === undefined) return !requireSignature;
		return isSigned(publicKey, digest, signature);
	}

	#refuse(reason: Reason, error: string): void {
		this.close();
		this.#listener.onFailed(reason, error, "none");
	}

	#failed(error: string, remedy: Remedy): void {
		this.#download = undefined;
		if (remedy === "none") this.close();
		this.#listener.onFailed("downloadFailed", error, remedy);
	}
}
