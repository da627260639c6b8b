import type { EventEmitter } from "node:events";

/** Listens to an emitter whose types are of the inside: the import has its own. @returns removes the listener */
export function listen(emitter: object, event: string, listener: (...values: unknown[]) => void): () => void {
	const untyped = emitter as EventEmitter;
	untyped.on(event, listener);
	return () => untyped.off(event, listener);
}
