/** How much a line matters: a level shows itself and those below. */
export const LogLevel = Object.freeze({ none: 0, error: 1, info: 2, debug: 3 } as const, true);
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** Who is told what went wrong. */
export interface Logger {
	log(text: string): void;
}
