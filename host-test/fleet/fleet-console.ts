import { type Clock, realClock } from "../clock.js";
import { average, type Times, timesOf } from "./figures.js";
import type { Fleet } from "./fleet.js";

/** The state of a fleet, read from the serial consoles: with an endpoint elsewhere nothing else is known. */
export interface ConsoleSummary {
	readonly devices: number;
	readonly online: number;
	/** Executions by how they ended; LET_GO: the device released them, since they were cancelled or taken over. */
	readonly executions: Readonly<Record<string, number>>;
	/** Executions beyond the first of a job. */
	readonly retries: number;
	/** From claimed to ended. */
	readonly milliseconds: Times;
	/** Per device. */
	readonly connections: number;
	readonly storageWrites: number;
	readonly flashWrites: number;
}

interface Seen {
	online: boolean;
	claimedAt: number;
	outcome: string;
	ended: number;
}

const CLAIMED = /^claimed \S+ #(\d+)/;
const OUTCOME = /^\S+: (SUCCEEDED|FAILED|REJECTED)\b/;

/** Reads the consoles of a fleet. */
export class FleetConsole {
	readonly #fleet: Fleet;
	readonly #clock: Clock;
	readonly #seen: Seen[];
	readonly #executions: Record<string, number> = {};
	readonly #milliseconds: number[] = [];
	readonly #onChange: () => void;
	#connections = 0;
	#retries = 0;

	/** @param onChange called when a figure has changed */
	constructor(fleet: Fleet, onChange: () => void, clock = realClock) {
		this.#fleet = fleet;
		this.#clock = clock;
		this.#onChange = onChange;
		this.#seen = fleet.devices.map((device) => {
			const seen: Seen = { online: false, claimedAt: clock.now(), outcome: "", ended: 0 };
			device.on("trace", (line) => this.#read(seen, line.trimEnd()));
			const gone = () => {
				seen.online = false;
			};
			device.on("off", gone);
			device.on("reset", gone);
			return seen;
		});
	}

	/** Whether each device has ended this many executions. */
	haveEnded(executions: number): boolean {
		return this.#seen.every(({ ended }) => ended >= executions);
	}

	get summary(): ConsoleSummary {
		const devices = this.#seen.length;
		const each = (total: number) => average(total, devices);
		return {
			devices,
			online: this.#seen.filter(({ online }) => online).length,
			executions: this.#executions,
			retries: this.#retries,
			milliseconds: timesOf(this.#milliseconds),
			connections: each(this.#connections),
			storageWrites: each(this.#fleet.storageWrites),
			flashWrites: each(this.#fleet.flashWrites),
		};
	}

	#read(seen: Seen, line: string): void {
		const outcome = OUTCOME.exec(line)?.[1];
		const executionNumber = CLAIMED.exec(line)?.[1];
		if (outcome !== undefined) seen.outcome = outcome;
		else if (line === "connected") this.#connected(seen);
		else if (line.startsWith("connection given up")) seen.online = false;
		else if (executionNumber !== undefined) this.#claimed(seen, Number(executionNumber));
		else if (/^\S+ is over$/.test(line)) this.#ended(seen, seen.outcome);
		else if (/^\S+ is let go: /.test(line)) this.#ended(seen, "LET_GO");
		else return;
		this.#onChange();
	}

	#claimed(seen: Seen, executionNumber: number): void {
		seen.claimedAt = this.#clock.now();
		if (executionNumber > 1) this.#retries += 1;
	}

	#connected(seen: Seen): void {
		seen.online = true;
		this.#connections += 1;
	}

	#ended(seen: Seen, how: string): void {
		seen.ended += 1;
		seen.outcome = "";
		this.#executions[how] = (this.#executions[how] ?? 0) + 1;
		this.#milliseconds.push(this.#clock.now() - seen.claimedAt);
	}
}
