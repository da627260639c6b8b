// The ota operation: a new firmware, from its document to the reset.
import type { Handler, Job, JobContext } from "../../agent/handler.js";
import type { Logger } from "../../base/log.js";
import { isLower } from "../../base/versions.js";
import { type DownloadOptions, FileDownload } from "../../download/file-download.js";
import type { SavedPart, Sink, SinkWriter } from "../../download/sink.js";
import type { FirmwareWriter } from "../../platform/firmware.js";
import type { JobDocument } from "../../protocol/messages.js";
import { decodeCheckpoint, encodeCheckpoint, Phase } from "./checkpoint.js";
import { isAfrOta, OTA_MEMBERS, type RequestedImage, readOtaDocument } from "./document.js";
import { compareRunningImage, problemWithHead } from "./image.js";
import { ROLLBACK_LINE, SelfTest, type SelfTestOptions } from "./self-test.js";

export interface OtaOptions extends SelfTestOptions, DownloadOptions {
	/** Whether a document may ask for a lower version than the one that runs. Default true: it has to say so. */
	readonly allowDowngrade?: boolean | undefined;
}

/** One update. */
interface Update {
	readonly image: RequestedImage;
	readonly context: JobContext;
	/** How often the job has activated the image, the time to come included. */
	readonly activations: number;
}

/**
 * `{"operation": "ota", ...}`, or AWS's `{"afr_ota": ...}`: a new firmware.
 *
 *     download ──► checkpoint ──► complete() ──► reset ──► new image runs ──► reached the service ──► confirm, SUCCEEDED
 *      │    ▲                                       │            └─ not in time ──► rollback ──► FAILED selfTestFailed
 *      └────┘ reset: goes on at the checkpoint      └─ old image runs: power was cut ──► activate again, else FAILED rolledBack
 */
export class OtaHandler implements Handler {
	readonly operation = "ota";
	private readonly options: OtaOptions;
	private readonly selfTest: SelfTest;
	private download: FileDownload | undefined;
	/** Context of the job whose image boots at the next reset. */
	private activated: JobContext | undefined;
	/** An update in this boot has shown that the boot loader has no rollback. */
	private rollbackIsMissing = false;

	constructor(options: OtaOptions) {
		this.options = options;
		this.selfTest = new SelfTest(options);
	}

	get members(): string {
		return OTA_MEMBERS;
	}

	understands(document: JobDocument): boolean {
		return isAfrOta(document);
	}

	atBoot(logger: Logger): void {
		this.selfTest.atBoot(logger);
	}

	beforeNetwork(context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		if (checkpoint?.phase === Phase.Activated) this.selfTest.beforeNetwork(context, checkpoint);
	}

	start(job: Job, context: JobContext): void {
		const image = this.read(job, context);
		if (image === undefined || this.refuses(image, context)) return;
		const { sha256, size } = image;
		if (sha256 === undefined) return this.fetchUnlessOlder(image, context);
		// The image may run already: the same job sent twice, or the flash erased since.
		this.compare(size, sha256, context, (isSame) => {
			const checkpoint = {
				phase: Phase.Activated,
				activations: 1,
				count: size,
				digest: sha256,
				text: this.options.version,
			};
			if (isSame) this.selfTest.succeed(checkpoint, this.versionOf(image), context);
			else this.fetchUnlessOlder(image, context);
		});
	}

	resume(job: Job, context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		if (checkpoint === undefined) return this.start(job, context);
		const image = this.read(job, context);
		if (image === undefined) return;
		const { phase, activations, count, digest, text } = checkpoint;
		if (phase === Phase.Downloading) {
			const etag = text === "" ? undefined : text;
			return this.fetch({ image, context, activations }, { count, digest, etag });
		}
		this.compare(count, digest, context, (isSame) => {
			if (isSame) this.selfTest.start(checkpoint, this.versionOf(image), context);
			else if (this.selfTest.rolledBack(checkpoint, context)) {
				// The image is still there, whole, unless something else was written meanwhile.
				this.fetch({ image, context, activations: activations + 1 }, { count, digest, etag: undefined });
			}
		});
	}

	cancel(): void {
		const { activated } = this;
		this.download?.close();
		this.download = this.activated = undefined;
		if (activated && !this.options.firmware.takeBack()) {
			activated.log("the new image boots at the next reset all the same");
		}
		this.selfTest.cancel();
	}

	private read({ document }: Job, context: JobContext): RequestedImage | undefined {
		const image = readOtaDocument(document);
		if (typeof image !== "string") return image;
		context.reject("invalidDocument", { error: image });
		return undefined;
	}

	/** What can be said before the first byte. */
	private refuses(image: RequestedImage, context: JobContext): boolean {
		const { firmware, requireSignature, publicKey } = this.options;
		if (this.rollbackIsMissing || firmware.rollbackSupport() === "missing") {
			context.reject("rollbackMissing", { sdkconfig: ROLLBACK_LINE });
		} else if (requireSignature && image.signature === undefined) context.reject("signatureMissing");
		else if (image.sha256 === undefined && publicKey?.() === undefined) {
			context.reject("signatureMissing", { error: "no code signing key is built in, and there is no sha256" });
		} else return false;
		return true;
	}

	private compare(size: number, sha256: Uint8Array, context: JobContext, onCompared: (isSame: boolean) => void): void {
		compareRunningImage(this.options.firmware, { size, sha256 }, context, (isSame) =>
			context.after(0, () => onCompared(isSame)),
		);
	}

	private versionOf({ version = this.options.version }: RequestedImage): string {
		return version;
	}

	private fetchUnlessOlder(image: RequestedImage, context: JobContext): void {
		const { version: running } = this.options;
		const { version } = image;
		if (version !== undefined && isLower(version, running) && !mayBeOlder(image, this.options)) {
			return context.reject("downgrade", { running });
		}
		this.fetch({ image, context, activations: 1 });
	}

	private fetch(update: Update, part?: SavedPart): void {
		const { image, context } = update;
		if (this.options.firmware.rollbackSupport() === "present") return this.leaveTrial(context);
		context.gate("download", () => {
			const sink = new ImageSink(this.options, update, () => this.activate(context));
			this.download = new FileDownload(context, image, sink, this.options);
			this.download.start(part);
		});
	}

	/** The job of the image that runs was taken away: nobody will confirm it, and until then ESP-IDF takes no other. */
	private leaveTrial(context: JobContext): void {
		context.gate("reboot", () => {
			context.log("the image that runs was never confirmed: the one before comes back first");
			this.options.firmware.rollback();
			context.fail("imageRejected", { error: "the image that runs is on trial, and there is no other" });
		});
	}

	/** The new image boots at the next reset. */
	private activate(context: JobContext): void {
		this.download = undefined;
		if (!this.options.firmware.isOnTrial()) return this.takeBack(context);
		this.activated = context;
		context.gate("reboot", () => context.restart());
	}

	/** An image that nobody would bring back if it were bad does not boot. */
	private takeBack(context: JobContext): void {
		this.rollbackIsMissing = true;
		const isTaken = this.options.firmware.takeBack();
		const warning = isTaken ? undefined : { warning: "the new image boots at the next reset" };
		context.reject("rollbackMissing", { sdkconfig: ROLLBACK_LINE, ...warning });
	}
}

/** The image of one update, on its way into the partition that does not run. */
class ImageSink implements Sink {
	readonly refusalReason = "imageRejected";
	private readonly options: OtaOptions;
	private readonly update: Update;
	private readonly onActivated: () => void;
	private writer: FirmwareWriter | undefined;

	constructor(options: OtaOptions, update: Update, onActivated: () => void) {
		this.options = options;
		this.update = update;
		this.onActivated = onActivated;
	}

	open(byteLength: number): SinkWriter {
		this.writer = this.options.firmware.open(byteLength);
		return this.writer;
	}

	check(head: Uint8Array): string | undefined {
		const { options, update } = this;
		return problemWithHead(head, options.firmware, mayBeOlder(update.image, options));
	}

	readBack(byteLength: number, offset: number): ArrayBuffer {
		return this.options.firmware.readSpare(byteLength, offset);
	}

	onPart({ count, digest, etag = "" }: SavedPart): void {
		const { image, context, activations } = this.update;
		const percent = String(Math.floor((count * 100) / image.size));
		const bytes = encodeCheckpoint({ phase: Phase.Downloading, activations, count, digest, text: etag });
		context.checkpoint(bytes, { step: "download", percent });
	}

	/** The checkpoint comes first: a complete image boots after the next power cut already. */
	complete(digest: Uint8Array): void {
		const { image, context, activations } = this.update;
		const { writer } = this;
		const text = this.options.version;
		const bytes = encodeCheckpoint({ phase: Phase.Activated, activations, count: image.size, digest, text });
		context.checkpoint(bytes, { step: "restart", percent: "100" });
		try {
			writer?.complete();
		} catch (error) {
			writer?.close();
			return context.fail("imageRejected", { error: String(error) });
		}
		this.onActivated();
	}
}

function mayBeOlder({ allowDowngrade }: RequestedImage, options: OtaOptions): boolean {
	return allowDowngrade && (options.allowDowngrade ?? true);
}
