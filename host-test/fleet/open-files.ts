/** Both ends of a connection, in this process. */
const FILES_PER_DEVICE = 2;
/** The process's own, and images that are read and written. */
const OTHERS = 200;

/** How many virtual devices, with the emulator beside them, fit into the files that this process may open. */
export function mostDevices(filesPerDevice = FILES_PER_DEVICE): number {
	return Math.floor((openFilesLimit() - OTHERS) / filesPerDevice);
}

/** How many files so many devices need. */
export function filesFor(devices: number): number {
	return devices * FILES_PER_DEVICE + OTHERS;
}

/** Node.js has raised the soft limit to the hard one. */
function openFilesLimit(): number {
	const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | "unlimited" } } };
	const limit = userLimits?.open_files.soft ?? "unlimited";
	return limit === "unlimited" ? Number.POSITIVE_INFINITY : limit;
}
