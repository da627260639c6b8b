/** The command line is wrong: printed as one line, exit code 2. */
export class UsageError extends Error {}
