/** @param parent URL of the file that imports @returns the URL of the file that is meant; undefined for any other name */
export function standIn(specifier: string, parent: string | undefined): string | undefined;
