import type { Part } from "./app.js";
import { certificates } from "./certificates.js";
import { diagnostics } from "./diagnostics.js";
import { erase } from "./erase.js";
import { files } from "./files.js";
import { https } from "./https.js";
import { ota } from "./ota.js";
import { reboot } from "./reboot.js";
import { settings } from "./settings.js";
import { signature } from "./signature.js";
import { streams } from "./streams.js";
import { wifi } from "./wifi.js";

/** All parts there are. The operations in the order in which a device names them to an operator who asked for another. */
export const EVERYTHING: readonly Part[] = Object.freeze(
	[reboot, ota, files, settings, certificates, diagnostics, erase, https, streams, signature, wifi],
	true,
);
