import type { JobContext } from "../agent/handler.js";
import type { Logger } from "../base/log.js";
import type { StatusDetails } from "../protocol/messages.js";
import type { Generation, TwoVersions } from "../storage/two-versions.js";

export interface TrialOptions {
	/** The values that the job changes. */
	readonly versions: TwoVersions;
	/** Resets the device. */
	readonly restart: () => void;
}

/**
 * How `config` and `rotate-certificate` change what the device connects with: write the new values, reset, connect with them, and
 * keep them once the service has answered. In every other case the old values come back, and the job fails. The checkpoint is the
 * candidate's generation.
 */
export class ChangeOnTrial {
	private readonly options: TrialOptions;

	constructor(options: TrialOptions) {
		this.options = options;
	}

	/** Limits the time of a trial. */
	atBoot(logger: Logger): void {
		const { versions, restart } = this.options;
		versions.limitTrial(restart, logger);
	}

	/** @param write writes the new values; what it throws fails the job */
	start(context: JobContext, write: (versions: TwoVersions) => void): void {
		const { versions } = this.options;
		if (versions.onTrial) return context.fail("trialFailed", { error: "another change is on trial" });
		const candidate = versions.spare;
		try {
			write(versions);
		} catch (error) {
			return context.fail("storageFailed", { error: String(error) });
		}
		context.gate("reboot", () => {
			context.checkpoint(Uint8Array.of(candidate), { step: "restart" });
			versions.beginTrial();
			context.restart();
		});
	}

	/**
	 * The device was reset, and the service has answered: to a device that connected with the new values, or with the old ones.
	 *
	 * @param details what is reported of values that are kept
	 * @param again begins anew: the power was cut before the trial began
	 */
	resume(context: JobContext, checkpoint: Uint8Array, details: StatusDetails, again: () => void): void {
		const { versions } = this.options;
		const tried = checkpoint[0] as Generation;
		if (versions.onTrial && versions.candidate === tried) {
			versions.keep();
			return context.succeed(details);
		}
		const reverted = versions.reverted(tried);
		if (reverted !== "") return context.fail("trialFailed", { error: REVERTED[reverted] });
		if (versions.active === tried) return context.succeed(details); // kept, and reset before that was reported
		again();
	}

	/** The job was taken away: a candidate that is on trial, or is to be from the next boot on, is given up. */
	cancel(): void {
		const { versions, restart } = this.options;
		if (!versions.onTrial) return;
		const isUsed = versions.booted === versions.candidate;
		versions.revert("timeout");
		if (isUsed) restart();
	}
}

const REVERTED = Object.freeze(
	{
		timeout: "the service was not reached in time; the old values are used again",
		resets: "the device was reset too often; the old values are used again",
	} as const,
	true,
);
