import { RotateCertificateHandler } from "../handlers/rotate-certificate.js";
import { restart } from "../platform/resets.js";
import { CREDENTIALS } from "../storage/credentials.js";
import { TwoVersions } from "../storage/two-versions.js";
import type { AppParts, Part } from "./app.js";

/** `{"operation": "rotate-certificate", ...}`: another certificate and key. */
export const certificates: Part = Object.freeze(
	{
		bring(app: AppParts) {
			app.credentials = new TwoVersions(CREDENTIALS);
		},
		operation: "rotate-certificate",
		handler: ({ credentials, byUrl, byStream }: AppParts) =>
			new RotateCertificateHandler({ versions: credentials as TwoVersions, restart, byUrl, byStream }),
	},
	true,
);
