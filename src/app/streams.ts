import { Streams } from "../agent/streams.js";
import { StreamTransfer } from "../download/stream-transfer.js";
import type { ByStream } from "../download/transfer.js";
import type { AppParts, Part } from "./app.js";

/** Fetches a file by an MQTT file stream. */
export const byStream: ByStream = (context, file, rest, listener) => new StreamTransfer(context, file, rest, listener);

/** Files are fetched by MQTT file streams, over the agent's own connection. */
export const streams: Part = Object.freeze(
	{
		bring(app: AppParts) {
			app.byStream = byStream;
			app.streams = new Streams(app.config.text("thingName") ?? "");
		},
	},
	true,
);
