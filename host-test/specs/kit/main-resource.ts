import Resource from "Resource";
import { traced } from "./traced.js";

/** Each thing that is done with a Resource, and what comes of it, on a line of the console. */
export default function main(): void {
	const resource = new Resource("ca.der");
	const view = new Uint8Array(resource as unknown as ArrayBuffer);
	traced("no such resource", () => new Resource("none.der"));
	traced("exists", () => [Resource.exists("ca.der"), Resource.exists("none.der")]);
	traced("an ArrayBuffer", () => resource instanceof ArrayBuffer);
	traced("a Resource", () => resource instanceof Resource);
	traced("all of it is in view", () => view.byteLength > 500 && view.byteLength === resource.byteLength);
	traced("a view's buffer", () => (view.buffer as unknown) === resource);
	traced("a view of a part", () => view.subarray(0, 2));
	traced("a slice of a view", () => view.slice(0, 2));
	traced("a slice", () => resource.slice(0, 2) instanceof ArrayBuffer && new Uint8Array(resource.slice(0, 2)));
	trace("done\n");
}
