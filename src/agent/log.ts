/** How much a line matters: a level shows itself and those below. */
export const LogLevel = { none: 0, error: 1, info: 2, debug: 3 } as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** A line for the log. @param level default: info */
export type Log = (text: string, level?: LogLevel) => void;

/**
 * @param write the application's; default: the console
 * @param onError told of each line of level error, also when it is not shown
 */
export function makeLog(
	shown: LogLevel,
	write: ((text: string, level: LogLevel) => void) | undefined,
	onError: (text: string) => void,
): Log {
	return (text, level = LogLevel.info) => {
		try {
			if (level === LogLevel.error) onError(text);
			if (level > shown) return;
			if (write === undefined) trace(`${text}\n`);
			else write(text, level);
		} catch {
			// An application whose log throws still has a device that does its jobs.
		}
	};
}
