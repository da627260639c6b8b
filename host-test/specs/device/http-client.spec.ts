import HTTPClient from "../../ecma419/http-client.js";
import { defineHttpContract, type HttpClientClass } from "../kit/contract/http.js";

describe("The ECMA-419 HTTP client on the host", () => defineHttpContract(HTTPClient as never as HttpClientClass));
