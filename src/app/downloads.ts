import type { DownloadOptions } from "../download/file-download.js";
import type { AppParts } from "./app.js";

/** How files are fetched and trusted in this app. For the parts whose jobs bring files. */
export function downloadsOf({ byUrl, byStream, verifier, config }: AppParts): DownloadOptions {
	return { byUrl, byStream, verifier, requireSignature: config.isTrue("requireSignature") };
}
