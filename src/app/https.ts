import { HttpsTransfer } from "../download/https-transfer.js";
import type { ByUrl } from "../download/transfer.js";
import { httpNetwork } from "../platform/https-network.js";
import type { AppParts, Part } from "./app.js";

/** Fetches a file by its URL. The CA is in memory while a download runs. */
export const byUrl: ByUrl = (url, at, listener) => new HttpsTransfer(httpNetwork, url, at, listener);

/** Files are fetched over HTTPS. */
export const https: Part = Object.freeze(
	{
		bring(app: AppParts) {
			app.byUrl = byUrl;
		},
	},
	true,
);
