import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const LOOK_MS = 300;
const SHELL = /(^|\/)-?(ba|da|a|z|k)?sh$/;

/**
 * Calls back once the process that started this one has ended: it cannot end this one any more, which would go on and hold its
 * ports. npm and npx put a shell in between, which lives on when they are ended: theirs is the end that counts.
 */
export function whenOrphaned(callback: () => void): void {
	const parent = process.ppid;
	const shell = process.env.npm_command !== undefined ? processOf(parent) : undefined;
	const above = shell !== undefined && SHELL.test(shell.name) ? shell.parent : undefined;
	const timer = setInterval(() => {
		const isThere = process.ppid === parent && (above === undefined || processOf(parent)?.parent === above);
		if (isThere) return;
		clearInterval(timer);
		callback();
	}, LOOK_MS);
	timer.unref();
}

/** @returns undefined when there is no such process, or nobody can be asked */
function processOf(pid: number): { readonly name: string; readonly parent: number } | undefined {
	try {
		if (existsSync("/proc/self/stat")) {
			const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
			// The second field is the program's name in parentheses, with whatever in it.
			const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
			return { name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), parent: Number(parent) };
		}
		const [, parent, name = ""] = /^\s*(\d+)\s+(.+?)\s*$/.exec(ps(pid)) ?? [];
		return { name, parent: Number(parent) };
	} catch {
		return undefined;
	}
}

function ps(pid: number): string {
	return execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" });
}
