import { readFileSync } from "node:fs";

/** A job document of docs/cookbook.md. */
export interface Recipe {
	readonly title: string;
	/** Of its file in examples/jobs/, without `.json`. */
	readonly name: string;
	/** The status details with which a device ends it. */
	readonly reports: Readonly<Record<string, string>>;
	/** The document, with words in capital letters where values of one's own belong. */
	readonly text: string;
}

/** What the cookbook says of each document: what it is, what the device reports, and the document. */
export function readCookbook(): Recipe[] {
	const page = readFileSync(new URL("../../docs/cookbook.md", import.meta.url), "utf8");
	return [...page.matchAll(/^## (.+)\n[^#]*?`([a-z-]+)\.json` reports `(\{[^`]*\})`\.\n\n```json\n([^`]+)```/gm)].map(
		([, title = "", name = "", reports = "", text = ""]) => ({ title, name, reports: JSON.parse(reports), text }),
	);
}

/** Of the right form, as an editor would show them. */
const VALUES = {
	SHA256: "0f9e5b1c7d".repeat(7).slice(0, 64),
	SIGNATURE: "MEUCIQDexampleexampleexample",
	CERTIFICATE: "MIIDexampleexampleexampleexample",
	KEY: "MIIEexampleexampleexampleexample",
	BUCKET: "bucket",
	FIRMWARE: "firmware",
	STREAM: "firmware-2",
	HOST: "abc123-ats.iot.eu-west-1.amazonaws.com",
	SSID: "workshop",
	PASSWORD: "workshop password",
};

/** The document with values in place of the words. */
export function exampleOf({ text }: Recipe): Record<string, unknown> {
	return JSON.parse(Object.entries(VALUES).reduce((rest, [word, value]) => rest.replaceAll(word, value), text));
}
