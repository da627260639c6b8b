import { RebootHandler } from "../handlers/reboot.js";
import type { Part } from "./app.js";

/** `{"operation": "reboot"}`. */
export const reboot: Part = Object.freeze({ operation: "reboot", handler: () => new RebootHandler() }, true);
