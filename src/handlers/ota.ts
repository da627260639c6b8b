import type { Handler, Job, JobContext } from "../agent/handler.js";
import type { JobDocument } from "../agent/messages.js";
import type { Firmware, FirmwareWriter } from "../platform/firmware.js";
import { later } from "../platform/later.js";
import { Backoff } from "../transport/backoff.js";
import type { HttpNetwork } from "../transport/download.js";
import { ImageDownload } from "./image-download.js";
import { decodeCheckpoint, encodeCheckpoint, type OtaCheckpoint, Phase } from "./ota-checkpoint.js";
import { type RequestedImage, readOtaDocument } from "./ota-document.js";
import { compareRunningImage } from "./running-image.js";
import { isLower } from "./versions.js";

export interface OtaOptions {
	readonly firmware: Firmware;
	/** Makes what a download needs, at its start: the CA is not kept in memory between two updates. */
	readonly network: () => HttpNetwork;
	/** The version that runs, reported as `from`. */
	readonly version: string;
	/** Whether a document may ask for a lower version than the one that runs. Default true: it has to say so. */
	readonly allowDowngrade?: boolean | undefined;
	/** The key whose signatures are trusted, SubjectPublicKeyInfo in DER; undefined when none is built in. */
	readonly publicKey?: (() => Uint8Array | undefined) | undefined;
	/** Whether an image without a signature is refused. Default false. */
	readonly requireSignature?: boolean | undefined;
	/** How long a new image may take to reach the Jobs service before the old one comes back. Default 300,000 ms. */
	readonly selfTestMs?: number | undefined;
}

const DEFAULT_SELF_TEST_MS = 300_000;
/** Tries without a new byte before the job fails; between them exponential back-off with full jitter. */
const MAX_TRIES = 5;
const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 300_000;
/** A power cut during the self-test makes the boot loader roll back, for no fault of the image: it is tried again. */
const MAX_TRIALS = 3;

/**
 * `{"operation": "ota", ...}`: a new firmware.
 *
 *     download ──► checkpoint ──► complete() ──► reset ──► new image runs ──► reached the service ──► confirm, SUCCEEDED
 *                                                   │            └─ not in time ──► rollback ──► FAILED selfTestFailed
 *                                                   └─ old image runs: power was cut ──► download again, else FAILED rolledBack
 */
export class OtaHandler implements Handler {
	readonly operation = "ota";
	readonly #options: OtaOptions;
	#download: ImageDownload | undefined;

	constructor(options: OtaOptions) {
		this.#options = options;
	}

	start(job: Job, context: JobContext): void {
		const image = this.#read(job, context);
		if (image === undefined) return;
		if (this.#options.requireSignature && image.signature === undefined) return context.reject("signatureMissing");
		// The image may run already: the same job sent twice, or the flash erased since.
		this.#compare(image, context, (same) => {
			const { version: running, allowDowngrade = true } = this.#options;
			if (same) return this.#succeed(context, running, image.version);
			if (isLower(image.version, running) && !(image.allowDowngrade && allowDowngrade)) {
				return context.reject("downgrade", { running });
			}
			this.#fetch(image, 1, context);
		});
	}

	/** On trial until the service has been reached: without that, the old image comes back. */
	boot(context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		if (checkpoint?.phase !== Phase.Activated) return;
		this.#compare(checkpoint, context, (same) => {
			if (!same) return;
			const { firmware, selfTestMs = DEFAULT_SELF_TEST_MS } = this.#options;
			const giveUp = context.guard(() => {
				context.log("the self-test ran out of time");
				context.checkpoint(encodeCheckpoint({ ...checkpoint, phase: Phase.SelfTestFailed }));
				firmware.rollback();
			});
			later(giveUp, selfTestMs, context);
		});
	}

	/** The service has answered, so the device can be reached and repaired: that is what the self-test asks. */
	resume(job: Job, context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		if (checkpoint === undefined) return this.start(job, context);
		const image = this.#read(job, context);
		if (image === undefined) return;
		this.#compare(checkpoint, context, (same) => {
			if (same) this.#succeed(context, checkpoint.from, image.version);
			else this.#rolledBack(checkpoint, image, context);
		});
	}

	cancel(): void {
		this.#download?.close();
		this.#download = undefined;
	}

	#read(job: Job, context: JobContext): RequestedImage | undefined {
		const image = readOtaDocument(job.document);
		if (typeof image !== "string") return image;
		context.reject("invalidDocument", { error: image });
		return undefined;
	}

	#compare(
		image: { size: number; sha256: Uint8Array },
		context: JobContext,
		onCompared: (same: boolean) => void,
	): void {
		const turn = (callback: () => void) => {
			later(context.guard(callback), 0, context);
		};
		compareRunningImage(this.#options.firmware, image.size, image.sha256, turn, onCompared);
	}

	#succeed(context: JobContext, from: string, to: string): void {
		this.#options.firmware.confirm();
		context.succeed({ from, to });
	}

	#rolledBack(checkpoint: OtaCheckpoint, image: RequestedImage, context: JobContext): void {
		const { resetReason } = context;
		const { trials } = checkpoint;
		if (checkpoint.phase === Phase.SelfTestFailed) {
			return context.fail("selfTestFailed", { running: this.#options.version });
		}
		const powerFailed = resetReason === "powerOn" || resetReason === "brownOut" || resetReason === "powerGlitch";
		if (powerFailed && trials < MAX_TRIALS) return this.#fetch(image, trials + 1, context);
		context.fail("rolledBack", { running: this.#options.version, trials: String(trials) });
	}

	#fetch(image: RequestedImage, trial: number, context: JobContext): void {
		context.gate("download", () => {
			try {
				this.#download = this.#prepare(image, trial, context);
			} catch (error) {
				return context.fail("imageRejected", { error: String(error) });
			}
			this.#download.fetch(this.#options.network(), image.url);
		});
	}

	#prepare(image: RequestedImage, trial: number, context: JobContext): ImageDownload {
		const backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS);
		let { url } = image;
		let tries = 0;
		let received = 0;
		const again = context.guard(() => this.#download?.fetch(this.#options.network(), url));
		const renewed = (document: JobDocument) => {
			const renewedImage = readOtaDocument(document);
			if (typeof renewedImage !== "string") url = renewedImage.url;
			again();
		};
		const { firmware, publicKey, requireSignature = false } = this.#options;
		const trust = { publicKey: publicKey?.(), requireSignature };
		const download = new ImageDownload(firmware, image, trust, {
			onProgress: (percent) => context.progress({ step: "download", percent: String(percent) }),
			onImage: context.guard((writer) => this.#activate(writer, image, trial, context)),
			onFailed: context.guard((reason, error, remedy) => {
				context.log(`${reason}: ${error}`);
				// As long as something comes, it goes on.
				tries = download.received > received ? 1 : tries + 1;
				received = download.received;
				if (remedy === "none" || tries >= MAX_TRIES) {
					this.cancel();
					return context.fail(reason, { error, tries: String(tries) });
				}
				if (remedy === "renew") context.refresh(renewed);
				else later(again, backoff.next(), context);
			}),
			log: (text) => context.log(text),
		});
		return download;
	}

	#activate(writer: FirmwareWriter, image: RequestedImage, trials: number, context: JobContext): void {
		this.#download = undefined;
		const { size, sha256 } = image;
		const from = this.#options.version;
		context.checkpoint(encodeCheckpoint({ phase: Phase.Activated, trials, size, sha256, from }), {
			step: "restart",
			percent: "100",
		});
		try {
			writer.complete();
		} catch (error) {
			writer.close();
			return context.fail("imageRejected", { error: String(error) });
		}
		context.gate("reboot", () => context.restart());
	}
}
