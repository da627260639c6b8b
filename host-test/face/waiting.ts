/** An event, or the sentence that says what did not come. */
export async function within<T>(event: Promise<T>, timeoutMs: number, problem: () => string): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`${problem()} (after ${timeoutMs} ms)`)), timeoutMs);
	});
	try {
		return await Promise.race([event, late]);
	} finally {
		clearTimeout(timer);
	}
}

export const WAIT_MS = 30_000;
