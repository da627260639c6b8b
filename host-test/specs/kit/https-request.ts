import { request } from "node:https";

export interface Answer {
	readonly status: number;
	readonly headers: Record<string, string | string[] | undefined>;
	readonly body: Record<string, unknown>;
}

export interface Ask {
	readonly method?: string;
	readonly path: string;
	readonly body?: unknown;
	/** PEM */
	readonly ca: Buffer;
	readonly cert?: Buffer;
	readonly key?: Buffer;
	readonly ALPNProtocols?: string[];
}

/** One request over HTTPS, as any client makes it. */
export function ask(url: string, { path, body, ...options }: Ask): Promise<Answer> {
	const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
	const headers = text === undefined ? {} : { "content-type": "application/json" };
	return new Promise((resolve, reject) => {
		const sent = request(new URL(path, url), { ...options, headers, agent: false }, async (response) => {
			const chunks: Buffer[] = [];
			for await (const chunk of response) chunks.push(chunk as Buffer);
			resolve({
				status: response.statusCode as number,
				headers: response.headers,
				body: JSON.parse(Buffer.concat(chunks).toString() || "{}"),
			});
		});
		sent.on("error", reject);
		sent.end(text);
	});
}
