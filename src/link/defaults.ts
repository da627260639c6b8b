/** What both transports take where the application says nothing: see `src/agent/options.ts`. */
export const DEFAULT_MESSAGE_BYTES = 4_096;
export const DEFAULT_START_JITTER_MS = 5_000;
/** Between two connections: exponential, with full jitter. */
export const BACKOFF_BASE_MS = 1_000;
export const BACKOFF_CAP_MS = 300_000;
