import assert from "node:assert/strict";
import { type HttpClientClass, makeHttpBench } from "./http-bench.js";
import { defineHttpBody } from "./http-body.js";
import { defineHttpExchange } from "./http-exchange.js";

/** What a client of `embedded:network/http/client` does, defects included: the SDK's file, and the host's that stands for it. */
export function defineHttpContract(Client: HttpClientClass): void {
	const bench = makeHttpBench(Client);
	beforeEach(() => bench.renew());
	afterEach(() => assert.deepEqual(bench.wire.aborts, []));
	defineHttpExchange(bench);
	defineHttpBody(bench);
}
