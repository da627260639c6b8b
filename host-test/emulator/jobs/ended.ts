import type { JobsService } from "./service.js";

/** Asks now, and whenever something has changed, until there is an answer. @returns undefined when `stop` came first */
export async function whenever<T>(
	service: JobsService,
	ask: () => T | undefined,
	stop?: AbortSignal,
): Promise<T | undefined> {
	return await new Promise((resolve) => {
		const end = (answer: T | undefined) => {
			service.off("changed", later);
			stop?.removeEventListener("abort", aborted);
			resolve(answer);
		};
		const aborted = () => end(undefined);
		const look = () => {
			const answer = ask();
			if (answer !== undefined) end(answer);
		};
		const later = () => setImmediate(look); // what was changed is kept, answered and told by then
		service.on("changed", later);
		stop?.addEventListener("abort", aborted);
		look();
	});
}
