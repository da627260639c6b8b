// An app is put together of parts: each operation, and each way to fetch a file, is a file beside this one.
import type { Handler } from "../agent/handler.js";
import { HandlerRegistry } from "../agent/handler-registry.js";
import type { EngineOptions } from "../agent/options.js";
import type { DownloadOptions } from "../download/file-download.js";
import type { JoinNetwork, LinkOptions } from "../link/link-options.js";
import { resetReason, restart } from "../platform/resets.js";
import type { StatusDetails } from "../protocol/messages.js";
import { KeyValueSlots } from "../storage/record-slots.js";
import type { Settings } from "../storage/settings.js";
import type { TwoVersions } from "../storage/two-versions.js";
import { BuildConfig, type LinkConfig } from "./config.js";

/** All that `new MqttAgent` and `new HttpsAgent` need. `N` holds the network classes for the one or the other. */
export interface App<N> extends EngineOptions, LinkConfig, LinkOptions<N> {}

/** What the application has its say in: the agent's own options, and those of the parts that it includes. */
export interface AppHooks extends Partial<Omit<EngineOptions, "thingName" | "storage" | "handlers" | "restart">> {
	/** With `ota`: the application's own part of a new image's self-test: `done()`, or `done("what is wrong")`. */
	readonly selfTest?: ((done: (problem?: string) => void) => void) | undefined;
	/** With `config`: looks at the application's own settings. @returns what is wrong with them */
	readonly validate?: ((app: Settings) => string | undefined) | undefined;
	/** With `diagnostics`: more to report; at most five pairs. */
	readonly measure?: (() => StatusDetails) | undefined;
}

/** What the parts bring for each other. */
export interface AppParts extends Pick<DownloadOptions, "byUrl" | "byStream" | "verifier"> {
	readonly config: BuildConfig;
	readonly hooks: AppHooks;
	/** Settings that `config` jobs change. */
	settings: TwoVersions | undefined;
	/** Credentials that `rotate-certificate` jobs change. */
	credentials: TwoVersions | undefined;
	streams: EngineOptions["streams"];
	byUrl: DownloadOptions["byUrl"];
	byStream: DownloadOptions["byStream"];
	verifier: DownloadOptions["verifier"];
	/** Brings the network up; undefined where it is there. */
	join: (() => JoinNetwork | undefined) | undefined;
}

/** A part of an app. It says with `bring` what other parts use; `handler` is called when all have. */
export interface Part {
	bring?(app: AppParts): void;
	/** Of its handler. */
	readonly operation?: string;
	handler?(app: AppParts): Handler;
}

/**
 * The board, and the jobs that it does.
 *
 * @param network `mqttNetwork` or `httpsLinkNetwork`; `credentials` is where a `rotate-certificate` job puts the device's new
 *   certificate
 * @param parts what the app is made of, in any order; its manifest includes the same
 */
export function makeApp<N>(
	network: (host: string, port: number, credentials?: TwoVersions) => N,
	parts: readonly Part[],
	hooks: AppHooks = {},
): App<N> {
	const config = new BuildConfig();
	const app = { config, hooks } as AppParts;
	for (const part of parts) part.bring?.(app);
	const link = config.link();
	const { handlers: wanted } = config;
	const handlers = new HandlerRegistry();
	for (const part of parts) {
		const { operation } = part;
		if (operation === undefined || part.handler === undefined) continue;
		if (wanted === undefined || ` ${wanted} `.includes(` ${operation} `)) handlers.add(part.handler(app));
	}
	return {
		resetReason: resetReason(),
		...hooks,
		...link,
		network: () => network(link.host, link.port, app.credentials),
		join: app.join?.(),
		streams: app.streams,
		storage: new KeyValueSlots(),
		handlers,
		restart,
	};
}
