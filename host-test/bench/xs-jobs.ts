import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobDocument } from "../../src/protocol/messages.js";
import { VirtualClock } from "../clock.js";
import { readCredentials } from "../device/credentials.js";
import { makeImage } from "../device/image.js";
import { VirtualDevice } from "../device/virtual-device.js";
import { Emulator } from "../emulator/emulator.js";
import { isTerminal } from "../emulator/jobs/execution.js";
import { chipHeaps, type XsApp, xsProgram } from "../xs/xs-app.js";
import type { XsMachine } from "../xs/xs-machine.js";
import type { Heaps, Sample } from "../xs/xs-process.js";

const THING = "alpha";
const TURNS = 50;

/** Jobs whose memory counts, by what they do. */
export type Documents = Readonly<Record<string, JobDocument>>;

/** An emulator, and the jobs whose memory counts. */
export class XsJobs {
	readonly documents: Documents;
	private readonly emulator: Emulator;
	private readonly app: XsApp;
	private readonly directory: string;
	private jobs = 0;

	private constructor(emulator: Emulator, app: XsApp, directory: string) {
		this.emulator = emulator;
		this.app = app;
		this.directory = directory;
		this.documents = publish(emulator);
	}

	static async open(app: XsApp, directory: string): Promise<XsJobs> {
		const clock = new VirtualClock();
		clock.hold();
		const emulator = await Emulator.start({ directory: join(directory, "emulator"), things: [THING], clock });
		emulator.service.setMaxListeners(0);
		return new XsJobs(emulator, app, directory);
	}

	async close(): Promise<void> {
		await this.emulator.close();
	}

	/** A device that is connected and has nothing to do, while `use` looks at it. */
	async atRest<T>(use: (machine: XsMachine) => Promise<T>): Promise<T> {
		let machine: XsMachine | undefined;
		const device = await this.device(chipHeaps(this.app), (made) => {
			machine = made;
		});
		const rests = new Promise<void>((resolve) => {
			device.on("trace", (text) => text.includes("nothing is pending") && resolve());
		});
		device.powerOn();
		try {
			await rests;
			// What is under way still: the answer of the broker to the last message.
			for (let i = 0; i < TURNS; i += 1) await new Promise((resolve) => setImmediate(resolve));
			return await use(machine as XsMachine);
		} finally {
			device.cutPower();
		}
	}

	/** Runs a job to its end, over its resets. @returns the live peak beyond what lies in flash on the chip, of all its boots */
	async livePeak(document: JobDocument, everyNth: number): Promise<Sample["livePeak"]> {
		const peak = { slots: 0, chunks: 0, bytes: 0 };
		const note = ({ livePeak }: Sample) => {
			for (const name of ["slots", "chunks", "bytes"] as const) peak[name] = Math.max(peak[name], livePeak[name]);
		};
		const done = await this.run(document, chipHeaps(this.app), (machine) => machine.watchLive(everyNth), note);
		if (!done) throw new Error("the job does not succeed in the chip's heaps");
		const { base } = this.app;
		return {
			slots: peak.slots - base.slots,
			chunks: peak.chunks - base.chunks,
			bytes: peak.bytes - base.slots * base.slotBytes - base.chunks,
		};
	}

	/** The least slots, and the least chunk bytes, in which a job runs: each found with as much as the chip has of the other. */
	async leastHeaps(document: JobDocument): Promise<{ slots: number; chunks: number }> {
		const chip = chipHeaps(this.app);
		const { base } = this.app;
		const runsIn = (heaps: Partial<Heaps>) => this.run(document, { ...chip, ...heaps });
		const slots = await least(base.slots, chip.slots, 4, (value) => runsIn({ slots: value }));
		const chunks = await least(base.chunks, chip.chunks, 64, (value) => runsIn({ chunks: value }));
		return { slots: slots - base.slots, chunks: chunks - base.chunks };
	}

	/** @returns whether the job succeeds without running out of memory */
	async run(
		document: JobDocument,
		heaps: Heaps,
		onMachine?: (machine: XsMachine) => void,
		onSample?: (sample: Sample) => void,
	): Promise<boolean> {
		this.jobs += 1;
		const jobId = `job-${this.jobs}`;
		const { service } = this.emulator;
		service.createJob({ jobId, targets: [THING], document });
		const device = await this.device(heaps, onMachine, onSample);
		const fits = await new Promise<boolean>((resolve) => {
			device.on("reset", (reason) => reason === "abort" && resolve(false));
			service.on("execution", (_thing, execution) => {
				if (execution.jobId === jobId && isTerminal(execution.status)) resolve(execution.status === "SUCCEEDED");
			});
			device.powerOn();
		});
		device.cutPower();
		service.deleteJob(jobId, true);
		return fits;
	}

	private async device(
		heaps: Heaps,
		onMachine?: (machine: XsMachine) => void,
		onSample?: (sample: Sample) => void,
	): Promise<VirtualDevice> {
		const { addresses } = this.emulator;
		const { ca, mqtt } = addresses;
		const files = addresses.things[THING];
		if (files === undefined) throw new Error(`no thing ${THING}`);
		return await VirtualDevice.create({
			directory: mkdtempSync(join(this.directory, "flash-")),
			clock: new VirtualClock(),
			credentials: readCredentials({ ca, ...files }),
			config: { thingName: THING, host: mqtt.host, port: mqtt.port },
			program: () => xsProgram(this.app, { heaps, onMachine, onSample }),
		});
	}
}

/** @returns about the least value, to `step`, for which `runs` holds; it holds for `most` */
async function least(none: number, most: number, step: number, runs: (value: number) => Promise<boolean>) {
	let [low, high] = [none, most];
	while (high - low > step) {
		const middle = Math.floor((low + high) / 2);
		if (await runs(middle)) high = middle;
		else low = middle;
	}
	return high;
}

function publish(emulator: Emulator): Documents {
	const image = makeImage({ version: "2.0.0", programBytes: 100_000 });
	writeFileSync(join(emulator.imageDirectory, "image.bin"), image);
	const stream = { createdAt: 0, lastUpdatedAt: 0, description: undefined, roleArn: undefined, streamVersion: 1 };
	emulator.streams.put({ streamId: "image", files: [{ fileId: 0, bucket: "b", key: "image.bin" }], ...stream });
	const ota = {
		operation: "ota",
		version: "2.0.0",
		url: `${emulator.addresses.data.url}/images/image.bin`,
		size: image.byteLength,
		sha256: createHash("sha256").update(image).digest("hex"),
	};
	return {
		"firmware, HTTPS": ota,
		"firmware, stream": { ...ota, streamId: "image", fileId: 0 },
		"largest document": { operation: "reboot", padding: "x".repeat(3_700) },
	};
}
