/** With the emulator in the same process, a connection takes two files: one for each end. */
const FILES_PER_DEVICE = 2;
/** Files of the process itself, and of images that are read and written. */
const OTHERS = 200;

/** How many virtual devices this process may have, by its limit of open files. */
export function mostDevices(filesPerDevice = FILES_PER_DEVICE): number {
	return Math.floor((openFilesLimit() - OTHERS) / filesPerDevice);
}

/** The limit of open files that this many devices need, the emulator in the same process. */
export function filesFor(devices: number): number {
	return devices * FILES_PER_DEVICE + OTHERS;
}

/** The soft limit, which Node.js has raised to the hard limit. */
function openFilesLimit(): number {
	const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | "unlimited" } } };
	const limit = userLimits?.open_files.soft ?? "unlimited";
	return limit === "unlimited" ? Number.POSITIVE_INFINITY : limit;
}
