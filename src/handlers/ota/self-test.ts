// What a new image has to prove before it is confirmed, and the way back. For the ota handler.
import Timer from "timer";
import type { JobContext } from "../../agent/handler.js";
import type { Logger } from "../../base/log.js";
import { later } from "../../base/timer.js";
import type { Firmware } from "../../platform/firmware.js";
import { encodeCheckpoint, type OtaCheckpoint, Phase } from "./checkpoint.js";
import { compareRunningImage } from "./image.js";

export interface SelfTestOptions {
	readonly firmware: Firmware;
	/** The version that runs, reported as `from`. */
	readonly version: string;
	/**
	 * How long a new image may take to reach the Jobs service before the old one comes back. Default 300,000 ms. An image whose
	 * job is unknown, since the record was lost, has twice as long.
	 */
	readonly selfTestMs?: number | undefined;
	/**
	 * The application's own part of the self-test, within the same time: called once the service was reached. `done()` is
	 * for a good image; `done("what is wrong")`, or none in time, brings the old one back.
	 */
	readonly selfTest?: ((done: (problem?: string) => void) => void) | undefined;
}

const DEFAULT_SELF_TEST_MS = 300_000;
/** A power cut during the self-test makes the boot loader roll back, which is no fault of the image: it is activated again. */
const MAX_ACTIVATIONS = 3;
/** What the build of a boot loader without rollback lacks. */
export const ROLLBACK_LINE = "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y";

/**
 * The trial of a new image, from its first boot on. It is good once the Jobs service has answered it, so that it can be reached
 * and replaced, and the application's own test is content. In every other case the image before comes back, and reports it.
 */
export class SelfTest {
	private readonly options: SelfTestOptions;
	/** The new image runs, and its time is limited. */
	private isRunning = false;
	/** Brings the old image back when no job confirms the new one: the record that would know the job may be lost. */
	private unclaimedLimit: Timer | undefined;

	constructor(options: SelfTestOptions) {
		this.options = options;
	}

	/** At each boot, whatever the record holds. */
	atBoot(logger: Logger): void {
		const { firmware, selfTestMs = DEFAULT_SELF_TEST_MS } = this.options;
		if (firmware.rollbackSupport() !== "present") return;
		const giveUp = () => {
			logger.log("ota: the image that runs was not confirmed in time");
			firmware.rollback();
		};
		this.unclaimedLimit = later(undefined, giveUp, 2 * selfTestMs, logger);
	}

	/** The record says that an image was activated: if it is the one that runs, its time begins now. */
	beforeNetwork(context: JobContext, checkpoint: OtaCheckpoint): void {
		const { firmware } = this.options;
		const { count: size, digest: sha256 } = checkpoint;
		if (firmware.wasRolledBack()) {
			// At once: after another power cut the device would take that for the end of the trial.
			const { resetReason: text } = context;
			return context.checkpoint(encodeCheckpoint({ ...checkpoint, phase: Phase.RolledBack, text }));
		}
		compareRunningImage(firmware, { size, sha256 }, context, (isSame) => {
			if (!isSame) return;
			// The job may have been taken away before it was known which image runs.
			if (context.ended) firmware.rollback();
			else this.limit(checkpoint, context);
		});
	}

	/** The new image has reached the service. */
	start(checkpoint: OtaCheckpoint, to: string, context: JobContext): void {
		const { selfTest } = this.options;
		if (selfTest === undefined) return this.succeed(checkpoint, to, context);
		this.limit(checkpoint, context); // after a boot without a record it has no limit yet
		const done = (problem?: string) =>
			context.after(0, () => {
				if (problem === undefined) this.succeed(checkpoint, to, context);
				else this.giveUp(checkpoint, problem, context);
			});
		try {
			selfTest(done);
		} catch (error) {
			done(String(error));
		}
	}

	/** The image that runs is the one that the job wants, and it stays. */
	succeed(checkpoint: OtaCheckpoint, to: string, context: JobContext): void {
		const { firmware, version } = this.options;
		const from = checkpoint.phase === Phase.Activated ? checkpoint.text : version;
		const support = firmware.rollbackSupport();
		this.isRunning = false;
		// An image that never was on trial stays, and its job succeeds with a warning. The next update is refused.
		if (support === "missing") return context.succeed({ from, to, warning: ROLLBACK_LINE });
		// An image that is on trial for ever is gone after the next reset. One that is not needs no word.
		if (!firmware.confirm() && support === "present") {
			return this.giveUp(checkpoint, "the boot loader could not be told that the image is good", context);
		}
		Timer.clear(this.unclaimedLimit);
		this.unclaimedLimit = undefined;
		context.succeed({ from, to });
	}

	/** The old image runs again: fails the job, unless a power cut was why. @returns whether to activate the image once more */
	rolledBack({ phase, text, activations }: OtaCheckpoint, context: JobContext): boolean {
		const resetReason = phase === Phase.RolledBack ? text : context.resetReason;
		const { version: running } = this.options;
		if (phase === Phase.SelfTestFailed) {
			context.fail("selfTestFailed", { error: text, running });
			return false;
		}
		const powerFailed = resetReason === "powerOn" || resetReason === "brownOut" || resetReason === "powerGlitch";
		if (powerFailed && activations < MAX_ACTIVATIONS) return true;
		context.fail("rolledBack", { running, trials: String(activations), resetReason });
		return false;
	}

	/** The job was taken away: a new image that nobody will confirm gives way to the old one. */
	cancel(): void {
		if (!this.isRunning) return;
		this.isRunning = false;
		this.options.firmware.rollback();
	}

	private limit(checkpoint: OtaCheckpoint, context: JobContext): void {
		const { selfTestMs = DEFAULT_SELF_TEST_MS } = this.options;
		if (this.isRunning) return;
		this.isRunning = true;
		context.after(selfTestMs, () => this.giveUp(checkpoint, "the self-test ran out of time", context));
	}

	/** The old image reports it. */
	private giveUp(checkpoint: OtaCheckpoint, problem: string, context: JobContext): void {
		const { firmware, version } = this.options;
		context.log(problem);
		this.isRunning = false;
		context.checkpoint(encodeCheckpoint({ ...checkpoint, phase: Phase.SelfTestFailed, text: problem }));
		firmware.rollback();
		// Rolling back returns only where there is no image to go back to.
		context.fail("selfTestFailed", { error: problem, running: version });
	}
}
