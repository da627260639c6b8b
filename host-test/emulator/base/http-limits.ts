/** How long a client of any HTTP port may take, in milliseconds: nobody holds a connection open by doing nothing. */
export const HTTP_LIMITS = {
	/** For the head of a request, from the connection on. */
	headersTimeout: 20_000,
	/** For all of a request. */
	requestTimeout: 30_000,
	/** How often the two are looked at. */
	connectionsCheckingInterval: 5_000,
} as const;

/** Without a byte in either direction: an answer that nobody reads. */
export const HTTP_IDLE_MS = 45_000;

/** What Fastify makes its server with. */
export const FASTIFY_LIMITS = {
	http: HTTP_LIMITS,
	requestTimeout: HTTP_LIMITS.requestTimeout,
	connectionTimeout: HTTP_IDLE_MS,
} as const;
