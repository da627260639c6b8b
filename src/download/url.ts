/** The URL of a file, taken apart: XS has no `URL`. */
export interface HttpsUrl {
	readonly host: string;
	readonly port: number;
	/** Path and query. */
	readonly path: string;
}

const SCHEME = "https://";
const MAX_LENGTH = 2_048;

/** @returns undefined unless the text is `https://host[:port]/path`, in printable ASCII, of at most 2,048 characters */
export function parseHttpsUrl(text: unknown): HttpsUrl | undefined {
	if (typeof text !== "string" || text.length > MAX_LENGTH || !text.startsWith(SCHEME) || !isPlain(text)) {
		return undefined;
	}
	const slash = text.indexOf("/", SCHEME.length);
	const authority = text.slice(SCHEME.length, slash < 0 ? undefined : slash);
	const colon = authority.indexOf(":");
	const host = colon < 0 ? authority : authority.slice(0, colon);
	const port = colon < 0 ? 443 : toPort(authority.slice(colon + 1));
	if (host === "" || host.includes("@") || port === undefined) return undefined;
	return { host, port, path: slash < 0 ? "/" : text.slice(slash) };
}

/** Without spaces and control characters, which would break the request line that it becomes part of. */
function isPlain(text: string): boolean {
	for (let i = 0; i < text.length; i += 1) {
		const code = text.charCodeAt(i);
		if (code <= 0x20 || code >= 0x7f) return false;
	}
	return true;
}

function toPort(text: string): number | undefined {
	const port = Number(text);
	return text !== "" && text.length < 6 && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
