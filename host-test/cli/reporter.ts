import type { VirtualDevice } from "../device/virtual-device.js";
import type { WireMessage } from "../emulator/broker/service-broker.js";
import type { Emulator } from "../emulator/emulator.js";
import type { Execution } from "../emulator/jobs/execution.js";

/** Prints what happens while a device does a job: for a person, or as JSON for a program. */
export interface Reporter {
	emulator(emulator: Emulator): void;
	device(device: VirtualDevice): void;
	/** @param problem what is wrong though the job has SUCCEEDED */
	end(execution: Execution, problem: string | undefined): void;
}

const WIDTH = 100;
const BAR = 40;

/** For a person: messages on the wire, the device's console, and a progress bar for the download. */
export function textReporter(): Reporter {
	const { stdout } = process;
	const color = stdout.isTTY === true && process.env.NO_COLOR === undefined;
	const paint = (code: number, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
	let bar = "";
	const line = (text: string) => {
		// A line is printed above the progress bar.
		stdout.write(bar === "" || !stdout.isTTY ? `${text}\n` : `\r\x1b[K${text}\n${bar}`);
	};
	const progress = (written: number, total: number) => {
		const done = Math.floor((written / total) * BAR);
		const text = `  flash    [${"#".repeat(done)}${".".repeat(BAR - done)}] ${written} of ${total} bytes`;
		if (stdout.isTTY) {
			bar = written === total ? "" : text;
			stdout.write(`\r\x1b[K${text}${written === total ? "\n" : ""}`);
		} else if (Math.floor((written * 4) / total) > Math.floor((lastWritten * 4) / total)) stdout.write(`${text}\n`);
		lastWritten = written === total ? 0 : written;
	};
	let lastWritten = 0;
	return {
		emulator(emulator) {
			const { mqtt, control } = emulator.addresses;
			line(`  MQTT ${mqtt.host}:${mqtt.port}, control ${control.url} (aws --endpoint-url)\n`);
			emulator.broker.on("message", (message) => line(wireLine(message, paint)));
			emulator.broker.on("log", (text) => line(paint(33, `  broker   ${text}`)));
		},
		device(device) {
			device.on("boot", ({ slot, version }) => line(paint(1, `  device   boots version ${version} from slot ${slot}`)));
			device.on("reset", (reason) => line(paint(1, `  device   reset (${reason})`)));
			device.on("bricked", () => line(paint(31, "  device   no image boots")));
			device.on("trace", (text) => line(paint(2, `  console  ${text.trimEnd()}`)));
			device.on("flash", progress);
		},
		end({ jobId, status, statusDetails, versionNumber }, problem) {
			const details = statusDetails === undefined ? "" : ` ${JSON.stringify(statusDetails)}`;
			const text = `\n${jobId}: ${status}${details}, version ${versionNumber}${problem === undefined ? "" : `, but ${problem}`}`;
			line(paint(status === "SUCCEEDED" && problem === undefined ? 32 : 31, text));
		},
	};
}

/** For a program: a JSON object in each line, `{"event": ..., ...}`. */
export function jsonReporter(): Reporter {
	const write = (event: string, members: object) => process.stdout.write(`${JSON.stringify({ event, ...members })}\n`);
	return {
		emulator(emulator) {
			write("emulator", emulator.addresses);
			emulator.broker.on("message", ({ from, topic, payload }) =>
				write("message", { from, topic, payload: payload.toString() }),
			);
			emulator.broker.on("log", (text) => write("log", { text }));
		},
		device(device) {
			device.on("boot", (boot) => write("boot", boot));
			device.on("reset", (reason) => write("reset", { reason }));
			device.on("bricked", () => write("bricked", {}));
			device.on("trace", (text) => write("trace", { text: text.trimEnd() }));
		},
		end({ jobId, executionNumber, status, statusDetails, versionNumber }, problem) {
			write("end", { jobId, executionNumber, status, statusDetails, versionNumber, problem });
		},
	};
}

function wireLine({ from, topic, payload }: WireMessage, paint: (code: number, text: string) => string): string {
	const device = from === "device";
	const text = payload.toString();
	const shown = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
	const short = topic.replace(/^\$aws\/things\/[^/]+\/jobs\//, "…/");
	return `${paint(device ? 36 : 35, `  ${device ? "device → service" : "device ← service"}  ${short}`)}  ${shown}`;
}
