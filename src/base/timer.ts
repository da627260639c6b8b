import Timer from "timer";
import type { Logger } from "./log.js";

/** A timer knows whom it calls: a closure for each would be three times as large. */
interface OwnedTimer<Owner> extends Timer {
	owner: Owner;
	action: (this: Owner, timer: Timer) => void;
	logger: Logger;
}

/**
 * A timer whose callback cannot end the machine: on XS, what a timer's callback throws aborts.
 *
 * @param action a method of the owner's, as a rule: it is called with the owner as `this`
 */
export function later<Owner>(
	owner: Owner,
	action: (this: Owner, timer: Timer) => void,
	milliseconds: number,
	logger: Logger,
): Timer {
	return Object.assign(Timer.set(ring, milliseconds), { owner, action, logger });
}

function ring(timer: Timer): void {
	const { owner, action, logger } = timer as OwnedTimer<unknown>;
	try {
		action.call(owner, timer);
	} catch (error) {
		logger.log(`a timer threw ${String(error)}`);
	}
}
