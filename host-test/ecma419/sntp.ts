import { Machine } from "../machine/machine.js";

type Callback = (message: number, value?: number) => void;

/** How long a time server takes to answer; after it, no answer will come. */
const ANSWER_MS = 100;

/** The SDK's `sntp`: asks a time server once. */
export default class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;

	constructor({ host }: { host: string }, callback: Callback) {
		const machine = Machine.current;
		machine.alive();
		const cancel = machine.hardware.clock.after(ANSWER_MS, () => {
			forget();
			const seconds = machine.online ? machine.hardware.timeFrom(host) : undefined;
			machine.enter(() => (seconds === undefined ? callback(SNTP.error) : callback(SNTP.time, seconds)));
		});
		const forget = machine.own(cancel);
	}
}
