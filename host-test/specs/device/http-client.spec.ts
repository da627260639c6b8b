import HTTPClient from "../../ecma419/http-client.js";
import { defineHttpContract } from "../kit/contract/http.js";
import type { HttpClientClass } from "../kit/contract/http-bench.js";

describe("The ECMA-419 HTTP client on the host", () => defineHttpContract(HTTPClient as never as HttpClientClass));
