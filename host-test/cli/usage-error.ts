/** The command line cannot be carried out as it stands: one line, exit code 2. */
export class UsageError extends Error {}
