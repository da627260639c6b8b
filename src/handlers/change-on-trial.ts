import type { JobContext } from "../agent/handler.js";
import type { StatusDetails } from "../protocol/messages.js";
import type { Generation, TwoVersions } from "../storage/two-versions.js";

export interface TrialOptions {
	readonly trial: TwoVersions;
	readonly restart: () => void;
}

/**
 * The way of a job that changes what the device connects with: write, reset, connect with the new values, keep them once the
 * service has answered; in every other case the old ones come back, and report it. The checkpoint is the generation's number.
 */
export class ChangeOnTrial {
	readonly #options: TrialOptions;

	constructor(options: TrialOptions) {
		this.#options = options;
	}

	/** @param write puts the values into the spare generation; what it throws fails the job */
	start(context: JobContext, write: (trial: TwoVersions) => void): void {
		const { trial } = this.#options;
		if (trial.onTrial) return context.fail("trialFailed", { error: "another change is on trial" });
		const { spare } = trial;
		try {
			write(trial);
		} catch (error) {
			return context.fail("storageFailed", { error: String(error) });
		}
		context.gate("reboot", () => {
			context.checkpoint(Uint8Array.of(spare), { step: "restart" });
			trial.begin();
			context.restart();
		});
	}

	/**
	 * The service has answered: to whom connected with the new values, or with the old ones again.
	 *
	 * @param details what is reported of values that are kept
	 * @param again begins anew: the power was cut before the trial began
	 */
	resume(context: JobContext, checkpoint: Uint8Array, details: StatusDetails, again: () => void): void {
		const { trial } = this.#options;
		const generation = checkpoint[0] as Generation;
		if (trial.onTrial && trial.candidate === generation) {
			trial.keep();
			return context.succeed(details);
		}
		const reverted = trial.reverted(generation);
		if (reverted !== "") return context.fail("trialFailed", { error: WORDS[reverted] });
		if (trial.current === generation) return context.succeed(details); // kept, and reset before it was reported
		again();
	}

	/** Taken away while the new values are on trial, or about to be: the old ones come back. */
	cancel(): void {
		const { trial, restart } = this.#options;
		if (!trial.onTrial) return;
		trial.revert("timeout");
		if (trial.inUse) restart();
	}
}

const WORDS = Object.freeze(
	{
		timeout: "the service was not reached in time; the old values are used again",
		resets: "the device was reset too often; the old values are used again",
	} as const,
	true,
);
