import { basicAuthorization } from "./page-password.js";
import { UsageError } from "./usage-error.js";

export interface WatchOptions {
	page: string;
}

/** The events of page-server.ts. */
interface State {
	readonly things: readonly { name: string; online: boolean; device?: { powered: boolean; version?: string } }[];
	readonly jobs: readonly {
		jobId: string;
		status: string;
		members: number;
		rolledOut: number;
		pending: number;
	}[];
	readonly executions: readonly Listed[];
	readonly faults: readonly string[];
}

interface Listed {
	readonly thing: string;
	readonly jobId: string;
	readonly number: number;
	readonly timeline: readonly { at: number; what: string; detail: string }[];
}

interface Message {
	readonly at: number;
	readonly from: "device" | "service";
	readonly topic: string;
	readonly payload: string;
}

const MAX_WIRE = 12;
const MAX_ROWS = 12;

/** `iot-jobs watch`: the dashboard on a terminal; in a pipe, a line for each event. Runs until interrupted. */
export async function watch({ page }: WatchOptions): Promise<number> {
	if (!URL.canParse(page)) throw new UsageError(`--page ${page}: write the address that emulate prints`);
	const view = process.stdout.isTTY ? new Screen() : new Lines();
	let response: Response;
	try {
		response = await fetch(...eventsAt(page));
	} catch {
		throw new Error(`${page}: there is no emulator's page; iot-jobs emulate prints its address`);
	}
	if (response.status === 401) throw new Error(`${page}: --page http://ID:SECRET@HOST:PORT/, or IOT_JOBS_SECRET_KEY`);
	if (!response.ok || response.body === null) throw new Error(`${page}: this is not the page of an emulator`);
	for await (const { event, data } of eventsOf(response.body)) {
		if (event === "wire") view.message(JSON.parse(data));
		else view.state(JSON.parse(data));
	}
	process.stdout.write("The emulator has ended.\n");
	return 0;
}

/** The address of the events; a user and a password in the page's address are for its access key. */
function eventsAt(page: string): [URL, RequestInit] {
	const url = new URL("events", page);
	const { username, password } = url;
	url.username = "";
	url.password = "";
	if (username === "") return [url, {}];
	const secret = password === "" ? (process.env.IOT_JOBS_SECRET_KEY ?? "") : decodeURIComponent(password);
	return [url, { headers: { authorization: basicAuthorization(decodeURIComponent(username), secret) } }];
}

/** Server-sent events (HTML standard, 9.2), as far as the page's server uses them. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
			const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
			rest = blocks.pop() ?? "";
			for (const block of blocks) {
				const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
				yield { event: field("event") ?? "message", data: field("data") ?? "null" };
			}
		}
	} catch {
		// The emulator has ended.
	}
}

const time = (at: number) => new Date(at).toISOString().slice(11, 21);
/** Without control characters: texts of devices and job documents must not control the terminal. */
const plain = (text: string) => text.replace(/\p{C}/gu, "·");

/** A line for each event. */
class Lines {
	/** How many entries of each execution's timeline are printed. */
	readonly #told = new Map<string, number>();
	#online = new Set<string>();

	state({ executions, things }: State): void {
		const online = new Set(things.filter((thing) => thing.online).map(({ name }) => name));
		for (const name of online) if (!this.#online.has(name)) say(`${name}: online`);
		for (const name of this.#online) if (!online.has(name)) say(`${name}: offline`);
		this.#online = online;
		for (const { thing, jobId, number, timeline } of executions) {
			const key = `${thing} ${jobId} ${number}`;
			const from = this.#told.get(key) ?? 0;
			for (const { at, what, detail } of timeline.slice(from))
				say(`${time(at)} ${jobId} on ${thing} #${number}: ${what} ${detail}`);
			this.#told.set(key, timeline.length);
		}
	}

	message({ at, from, topic, payload }: Message): void {
		say(`${time(at)} ${from === "device" ? "→" : "←"} ${topic} ${payload}`);
	}
}

function say(text: string): void {
	process.stdout.write(`${plain(text).trimEnd()}\n`);
}

/** The whole screen, drawn again with each change. */
class Screen {
	#state: State = { things: [], jobs: [], executions: [], faults: [] };
	#wire: Message[] = [];

	state(state: State & { wire?: Message[] }): void {
		this.#state = state;
		if (state.wire !== undefined) this.#wire = state.wire.slice(-MAX_WIRE);
		this.#draw();
	}

	message(message: Message): void {
		this.#wire = [...this.#wire, message].slice(-MAX_WIRE);
		this.#draw();
	}

	#draw(): void {
		const { things, jobs, executions, faults } = this.#state;
		const width = process.stdout.columns ?? 100;
		const rows = [
			"THINGS",
			...things.slice(0, MAX_ROWS).map(({ name, online, device }) => {
				const version =
					device === undefined
						? ""
						: `virtual, version ${device.version ?? "?"}${device.powered ? "" : ", without power"}`;
				return `  ${online ? "●" : "○"} ${name}  ${version}`;
			}),
			"",
			"JOBS",
			...jobs
				.slice(0, MAX_ROWS)
				.map((job) => `  ${job.jobId}  ${job.status}  ${job.rolledOut - job.pending} of ${job.members} have ended`),
			"",
			"LATEST",
			...executions.slice(-MAX_ROWS).map(({ thing, jobId, number, timeline }) => {
				const last = timeline.at(-1);
				return `  ${jobId} on ${thing} #${number}: ${last?.what ?? ""} ${last?.detail ?? ""}`;
			}),
			"",
			"ON THE WIRE",
			...this.#wire.map(
				({ at, from, topic, payload }) => `  ${time(at)} ${from === "device" ? "→" : "←"} ${topic} ${payload}`,
			),
			...(faults.length > 0 ? ["", "FAULTS", ...faults.map((fault) => `  ${fault}`)] : []),
		];
		const text = rows.map((row) => `${plain(row).slice(0, width)}\x1b[K`).join("\n");
		process.stdout.write(`\x1b[H${text}\n\x1b[J`);
	}
}
