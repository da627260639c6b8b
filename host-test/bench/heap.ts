import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of the JavaScript heap in use, garbage not counted. */
export function heap(): number {
	collect();
	collect(); // what the first has only finalized
	return process.memoryUsage().heapUsed;
}
