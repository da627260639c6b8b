import { join } from "node:path";

/** Paths of two PEM files. */
export interface PairFiles {
	readonly certificate: string;
	readonly privateKey: string;
}

/** The files of a thing's certificate and key: NAME.pem and NAME-key.pem. */
export function thingFiles(directory: string, thingName: string): PairFiles {
	// A thing name may have colons, which not every file system allows.
	const base = join(directory, thingName.replaceAll(":", "%3A"));
	return { certificate: `${base}.pem`, privateKey: `${base}-key.pem` };
}

/** @returns the name of the thing whose certificate is in a file with this name, or undefined */
export function thingNameOf(file: string): string | undefined {
	if (!file.endsWith(".pem") || file.endsWith("-key.pem")) return undefined;
	return file.slice(0, -".pem".length).replaceAll("%3A", ":");
}
