import Timer from "timer";
import type { Handler, Job, JobContext } from "../../agent/handler.js";
import { type Logger, later } from "../../base/timer.js";
import { isLower } from "../../base/versions.js";
import type { SavedPart, Turn } from "../../download/checked-file.js";
import { FileDownload } from "../../download/file-download.js";
import type { Sink, SinkWriter } from "../../download/sink.js";
import type { HttpNetwork } from "../../link/http.js";
import type { Firmware } from "../../platform/firmware.js";
import type { JobDocument } from "../../protocol/messages.js";
import { decodeCheckpoint, encodeCheckpoint, type OtaCheckpoint, Phase } from "./checkpoint.js";
import { isAfrOta, type RequestedImage, readOtaDocument } from "./document.js";
import { headProblem, isOlder, runningHead } from "./image-header.js";
import { compareRunningImage } from "./running-image.js";

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
	/**
	 * How long a new image may take to reach the Jobs service before the old one comes back. Default 300,000 ms. One whose job is
	 * unknown, since the record was lost, has twice as long.
	 */
	readonly selfTestMs?: number | undefined;
	/**
	 * The application's own part of the self-test, within the same time: called once the service was reached. `done()` is
	 * for a good image; `done("what is wrong")`, or none in time, brings the old one back.
	 */
	readonly selfTest?: ((done: (problem?: string) => void) => void) | undefined;
}

const DEFAULT_SELF_TEST_MS = 300_000;
/** A power cut during the self-test makes the boot loader roll back, for no fault of the image: it is tried again. */
const MAX_TRIALS = 3;
/** What the build of a boot loader without rollback lacks. */
export const ROLLBACK_LINE = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";

/**
 * `{"operation": "ota", ...}`, or AWS's `{"afr_ota": ...}`: a new firmware.
 *
 *     download ──► checkpoint ──► complete() ──► reset ──► new image runs ──► reached the service ──► confirm, SUCCEEDED
 *      │    ▲                                       │            └─ not in time ──► rollback ──► FAILED selfTestFailed
 *      └────┘ reset: goes on at the checkpoint      └─ old image runs: power was cut ──► download again, else FAILED rolledBack
 */
export class OtaHandler implements Handler {
	readonly operation = "ota";
	readonly #options: OtaOptions;
	#fetching: FileDownload | undefined;
	/** Brings the old image back when the self-test does not end. */
	#trial: Timer | undefined;
	/** The same, for an image on trial that no record speaks of. */
	#watch: Timer | undefined;
	/** Whose new image boots at the next reset, unless that is taken back. */
	#activated: JobContext | undefined;
	/** Known since an update in this boot. */
	#rollbackIsMissing = false;

	constructor(options: OtaOptions) {
		this.#options = options;
	}

	accepts(document: JobDocument): boolean {
		return isAfrOta(document);
	}

	atBoot(logs: Logger): void {
		const { firmware, selfTestMs = DEFAULT_SELF_TEST_MS } = this.#options;
		if (firmware.rollbackSupport() !== "present") return;
		const giveUp = () => {
			logs.log("ota: the image that runs was not confirmed in time");
			firmware.rollback();
		};
		this.#watch = later(giveUp, 2 * selfTestMs, logs);
	}

	start(job: Job, context: JobContext): void {
		const image = this.#read(job, context);
		if (image === undefined || this.#refuse(image, context)) return;
		const { sha256, size } = image;
		if (sha256 === undefined) return this.#fetchUnlessOlder(image, context);
		// The image may run already: the same job sent twice, or the flash erased since.
		this.#compare(size, sha256, context, (same) => {
			const { version } = this.#options;
			if (same) this.#succeed(context, version, image);
			else this.#fetchUnlessOlder(image, context);
		});
	}

	/** On trial until the service has been reached: without that, the old image comes back. */
	beforeNetwork(context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		this.#trial = undefined;
		if (checkpoint?.phase !== Phase.Activated) return;
		const { count, digest } = checkpoint;
		// Not by the context's guard: the job may be taken away before it is known which image runs.
		const turn: Turn = (callback) => void later(callback, 0, context);
		compareRunningImage(this.#options.firmware, count, digest, turn, (same) => {
			if (!same) return;
			if (context.ended) this.#options.firmware.rollback();
			else this.#limitTrial(checkpoint, context);
		});
	}

	/** The service has answered, so the device can be reached and repaired: that is what the self-test asks. */
	resume(job: Job, context: JobContext, bytes: Uint8Array): void {
		const checkpoint = decodeCheckpoint(bytes);
		if (checkpoint === undefined) return this.start(job, context);
		const image = this.#read(job, context);
		if (image === undefined) return;
		if (checkpoint.phase === Phase.Downloading) return this.#goOn(checkpoint, image, context);
		this.#compare(checkpoint.count, checkpoint.digest, context, (same) => {
			if (same) this.#test(checkpoint, image, context);
			else this.#rolledBack(checkpoint, image, context);
		});
	}

	cancel(): void {
		this.#fetching?.close();
		this.#fetching = undefined;
		// Taken away while the new image is on trial, or about to be: things are put back in order.
		const { firmware } = this.#options;
		const activated = this.#activated;
		this.#activated = undefined;
		if (activated && !firmware.takeBack()) activated.log("the new image boots at the next reset all the same");
		if (this.#endTrial()) firmware.rollback();
	}

	/** @returns whether there was one */
	#endTrial(): boolean {
		const trial = this.#trial;
		this.#trial = undefined;
		Timer.clear(trial);
		return trial !== undefined;
	}

	#read(job: Job, context: JobContext): RequestedImage | undefined {
		const image = readOtaDocument(job.document);
		if (typeof image !== "string") return image;
		context.reject("invalidDocument", { error: image });
		return undefined;
	}

	/** What can be said before the first byte. */
	#refuse(image: RequestedImage, context: JobContext): boolean {
		const { firmware, requireSignature, publicKey } = this.#options;
		if (this.#rollbackIsMissing || firmware.rollbackSupport() === "missing") {
			context.reject("rollbackMissing", { sdkconfig: ROLLBACK_LINE });
		} else if (requireSignature && image.signature === undefined) context.reject("signatureMissing");
		else if (image.sha256 === undefined && publicKey?.() === undefined) {
			context.reject("signatureMissing", { error: "no code signing key is built in, and there is no sha256" });
		} else return false;
		return true;
	}

	#turn(context: JobContext): Turn {
		return (callback) => {
			later(context.guard(callback), 0, context);
		};
	}

	#compare(size: number, sha256: Uint8Array, context: JobContext, onCompared: (same: boolean) => void): void {
		compareRunningImage(this.#options.firmware, size, sha256, this.#turn(context), onCompared);
	}

	#limitTrial(checkpoint: OtaCheckpoint, context: JobContext): void {
		const { selfTestMs = DEFAULT_SELF_TEST_MS } = this.#options;
		const giveUp = context.guard(() => this.#giveUp(checkpoint, "the self-test ran out of time", context));
		this.#trial ??= later(giveUp, selfTestMs, context);
	}

	#test(checkpoint: OtaCheckpoint, image: RequestedImage, context: JobContext): void {
		const { selfTest } = this.#options;
		const from = checkpoint.text;
		if (selfTest === undefined) return this.#succeed(context, from, image);
		this.#limitTrial(checkpoint, context); // after a boot without a record nobody has
		const done = context.guard((problem?: string) => {
			if (problem === undefined) this.#succeed(context, from, image);
			else this.#giveUp(checkpoint, problem, context);
		});
		try {
			selfTest(done);
		} catch (error) {
			done(String(error));
		}
	}

	/** The old image reports it. */
	#giveUp(checkpoint: OtaCheckpoint, problem: string, context: JobContext): void {
		context.log(problem);
		this.#endTrial();
		context.checkpoint(encodeCheckpoint({ ...checkpoint, phase: Phase.SelfTestFailed, text: problem }));
		this.#options.firmware.rollback();
		// It did not come back from there, unless there is no image to go back to.
		context.fail("selfTestFailed", { error: problem, running: this.#options.version });
	}

	#succeed(context: JobContext, from: string, image: RequestedImage): void {
		const { firmware, version } = this.#options;
		const to = image.version ?? version;
		this.#endTrial();
		// An image that was never on trial stays as it is: so the next update learns of it, and is refused.
		if (firmware.rollbackSupport() === "missing") return context.succeed({ from, to, warning: ROLLBACK_LINE });
		firmware.confirm();
		Timer.clear(this.#watch);
		this.#watch = undefined;
		context.succeed({ from, to });
	}

	#rolledBack(checkpoint: OtaCheckpoint, image: RequestedImage, context: JobContext): void {
		const { resetReason } = context;
		const { activations } = checkpoint;
		const { version: running } = this.#options;
		if (checkpoint.phase === Phase.SelfTestFailed) {
			return context.fail("selfTestFailed", { error: checkpoint.text, running });
		}
		const powerFailed = resetReason === "powerOn" || resetReason === "brownOut" || resetReason === "powerGlitch";
		if (powerFailed && activations < MAX_TRIALS) return this.#fetch(image, activations + 1, undefined, context);
		context.fail("rolledBack", { running, trials: String(activations) });
	}

	#fetchUnlessOlder(image: RequestedImage, context: JobContext): void {
		const { version: running } = this.#options;
		if (image.version !== undefined && isLower(image.version, running) && !this.#mayBeOlder(image)) {
			return context.reject("downgrade", { running });
		}
		this.#fetch(image, 1, undefined, context);
	}

	#mayBeOlder({ allowDowngrade }: RequestedImage): boolean {
		return allowDowngrade && (this.#options.allowDowngrade ?? true);
	}

	#goOn({ activations, count, digest, text }: OtaCheckpoint, image: RequestedImage, context: JobContext): void {
		this.#fetch(image, activations, { count, digest, etag: text === "" ? undefined : text }, context);
	}

	#fetch(image: RequestedImage, activations: number, part: SavedPart | undefined, context: JobContext): void {
		if (this.#options.firmware.rollbackSupport() === "present") return this.#leaveTrial(context);
		context.gate("download", () => {
			const { network, publicKey, requireSignature = false } = this.#options;
			const { size } = image;
			try {
				this.#fetching = new FileDownload({
					context,
					target: this.#target(image),
					file: image,
					trust: { publicKey: publicKey?.(), requireSignature },
					network,
					urlOf: (document) => {
						const renewed = readOtaDocument(document);
						return typeof renewed === "string" ? undefined : renewed.url;
					},
					onPart: ({ count, digest, etag = "" }) => {
						const percent = String(Math.floor((count * 100) / size));
						const bytes = encodeCheckpoint({ phase: Phase.Downloading, activations, count, digest, text: etag });
						context.checkpoint(bytes, { step: "download", percent });
					},
					onFile: (writer, digest) => this.#activate(writer, digest, image, activations, context),
				});
			} catch (error) {
				return context.fail("imageRejected", { error: String(error) });
			}
			this.#fetching.start(part, this.#turn(context));
		});
	}

	/** The job of the image that runs was taken away: nobody will confirm it, and until then ESP-IDF takes no other. */
	#leaveTrial(context: JobContext): void {
		context.gate("reboot", () => {
			context.log("the image that runs was never confirmed: the one before comes back first");
			this.#options.firmware.rollback();
			context.fail("imageRejected", { error: "the image that runs is on trial, and there is no other" });
		});
	}

	#target(image: RequestedImage): Sink {
		const { firmware } = this.#options;
		return {
			refusal: "imageRejected",
			open: (byteLength) => firmware.open(byteLength),
			readBack: (byteLength, offset) => firmware.readSpare(byteLength, offset),
			problemOf: (head) => {
				const running = runningHead(firmware);
				const older = isOlder(head, running) && !this.#mayBeOlder(image);
				return (
					headProblem(head, running) ?? (older ? "the image says that it is older than the one that runs" : undefined)
				);
			},
		};
	}

	#activate(
		writer: SinkWriter,
		digest: Uint8Array,
		{ size }: RequestedImage,
		activations: number,
		context: JobContext,
	): void {
		this.#fetching = undefined;
		const { version } = this.#options;
		context.checkpoint(encodeCheckpoint({ phase: Phase.Activated, activations, count: size, digest, text: version }), {
			step: "restart",
			percent: "100",
		});
		try {
			writer.complete();
		} catch (error) {
			writer.close();
			return context.fail("imageRejected", { error: String(error) });
		}
		if (!this.#options.firmware.isOnTrial()) return this.#takeBack(context);
		this.#activated = context;
		context.gate("reboot", () => context.restart());
	}

	/** An image that nobody would bring back if it were bad does not boot. */
	#takeBack(context: JobContext): void {
		this.#rollbackIsMissing = true;
		const taken = this.#options.firmware.takeBack();
		const warning = taken ? undefined : { warning: "the new image boots at the next reset" };
		context.reject("rollbackMissing", { sdkconfig: ROLLBACK_LINE, ...warning });
	}
}
