import type { Handler, Job, JobContext } from "../agent/handler.js";
import { isTextOf, LOWER_NAME } from "../base/text.js";
import type { JobDocument } from "../protocol/messages.js";
import { MAX_NAME_LENGTH, StoredFiles } from "../storage/stored-files.js";
import type { TwoVersions } from "../storage/two-versions.js";

/**
 * The document of the `erase` operation: back to what was built in.
 */
export interface EraseDocument extends JobDocument {
	operation: "erase";
	/** The settings that `config` jobs have changed: the built-in ones are used from the next start on, so a `reboot` should follow. */
	settings?: boolean;
	/** Names of files that `file` jobs have brought. @maxItems 32 */
	files?: string[];
}

/**
 * `{"operation": "erase", "settings": true, "files": [...]}`: deletes what jobs have brought. The credentials stay: without them
 * the device could not report the end of the job.
 */
export class EraseHandler implements Handler {
	readonly operation = "erase";
	private readonly settings: TwoVersions;

	constructor(settings: TwoVersions) {
		this.settings = settings;
	}

	get members(): string {
		return " settings files ";
	}

	start(job: Job, context: JobContext): void {
		const { settings = false, files = [] } = job.document;
		if (typeof settings !== "boolean") return context.reject("invalidDocument", { error: "settings: true or false" });
		if (!Array.isArray(files) || !files.every((name) => isTextOf(LOWER_NAME, MAX_NAME_LENGTH, name))) {
			return context.reject("invalidDocument", { error: "files: names of files" });
		}
		if (!settings && files.length === 0) return context.reject("invalidDocument", { error: "settings or files" });
		let erased = 0;
		try {
			const stored = files.length > 0 ? new StoredFiles() : undefined;
			for (const name of files) if (stored?.delete(name)) erased += 1;
			if (settings) this.settings.forget();
		} catch (error) {
			return context.fail("storageFailed", { error: String(error) });
		}
		context.succeed({ files: String(erased), settings: String(settings) });
	}
}
