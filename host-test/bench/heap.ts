import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of the JavaScript heap in use, after garbage collection. */
export function heap(): number {
	collect();
	collect(); // frees what the first has only finalized
	return process.memoryUsage().heapUsed;
}
