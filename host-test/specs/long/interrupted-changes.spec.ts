import assert from "node:assert/strict";
import fc from "fast-check";
import { makeImage } from "../../device/image.js";
import { isTerminal } from "../../emulator/jobs/execution.js";
import { ended } from "../kit/executions.js";
import { publishImage, publishStream } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { Switchboard } from "../kit/switchboard.js";

/** What happens to a device: jobs that change it, and everything that gets in their way. */
type Step =
	| { readonly type: "create"; readonly job: keyof typeof DOCUMENTS }
	/** The job that was made last. */
	| { readonly type: "cancel" }
	| { readonly type: "cut"; readonly operations: number; readonly moment: "before" | "torn" | "after" }
	| { readonly type: "reset" }
	| { readonly type: "loseRecord" }
	| { readonly type: "disconnect" }
	| { readonly type: "pass"; readonly seconds: number }
	| { readonly type: "turns"; readonly count: number };

const DOCUMENTS = {
	reboot: () => ({ operation: "reboot" }),
	ota2: ({ emulator }: Situation) =>
		publishImage(emulator, makeImage({ version: "2.0.0", programBytes: 60_000 })).document,
	ota3: ({ emulator }: Situation) =>
		publishStream(emulator, makeImage({ version: "3.0.0", programBytes: 9_000 }), "3.0.0").document,
	/** An image that reaches nobody. */
	deaf: ({ emulator }: Situation) =>
		publishImage(emulator, makeImage({ version: "9.0.0", programBytes: 9_000 }), "9.0.0").document,
	door: ({ door }: Situation) => ({ operation: "config", settings: { port: door.port } }),
	nowhere: () => ({ operation: "config", settings: { port: 1 } }),
	erase: () => ({ operation: "erase", settings: true }),
} as const;

interface Situation {
	readonly lab: Lab;
	readonly emulator: TestEmulator;
	readonly door: Switchboard;
	readonly device: TestDevice;
}

const names = Object.keys(DOCUMENTS) as (keyof typeof DOCUMENTS)[];
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ type: fc.constant("create" as const), job: fc.constantFrom(...names) }) },
	{ weight: 3, arbitrary: fc.constant<Step>({ type: "cancel" }) },
	{
		weight: 3,
		arbitrary: fc.record({
			type: fc.constant("cut" as const),
			operations: fc.nat(30),
			moment: fc.constantFrom("before" as const, "torn" as const, "after" as const),
		}),
	},
	{ weight: 1, arbitrary: fc.constant<Step>({ type: "reset" }) },
	{ weight: 2, arbitrary: fc.constant<Step>({ type: "loseRecord" }) },
	{ weight: 1, arbitrary: fc.constant<Step>({ type: "disconnect" }) },
	{
		weight: 4,
		arbitrary: fc.record({ type: fc.constant("pass" as const), seconds: fc.constantFrom(1, 7, 60, 200, 700) }),
	},
	{ weight: 4, arbitrary: fc.record({ type: fc.constant("turns" as const), count: fc.constantFrom(1, 5, 20, 80) }) },
);

type Happening = (situation: Situation, step: never) => void | Promise<void>;
type StepOf<T extends Step["type"]> = Extract<Step, { type: T }>;

const HAPPENINGS: { readonly [T in Step["type"]]: (situation: Situation, step: StepOf<T>) => void | Promise<void> } = {
	create(situation, { job }) {
		const { emulator } = situation;
		const jobId = `job-${jobIds(emulator).length}`;
		emulator.service.createJob({ jobId, targets: ["alpha"], document: DOCUMENTS[job](situation) });
	},
	cancel: ({ emulator }) => cancel(emulator, jobIds(emulator).at(-1)),
	cut({ device }, { operations, moment }) {
		device.cut = { at: device.operations + operations, moment };
	},
	reset: ({ device }) => device.reset(),
	loseRecord({ device }) {
		for (const key of ["a", "b"]) device.flash.writeKey("iot-jobs", key, Buffer.alloc(512));
	},
	disconnect: ({ emulator }) => emulator.broker.disconnect("alpha"),
	async pass({ lab }, { seconds }) {
		for (let second = 0; second < seconds; second += 5) {
			lab.clock.advance(Math.min(seconds, 5) * 1_000);
			await turns(2);
		}
	},
	turns: async (_situation, { count }) => await turns(count),
};

/** Of the jobs that were made, in their order. */
function jobIds(emulator: TestEmulator): string[] {
	const ids: string[] = [];
	while (emulator.service.execution("alpha", `job-${ids.length}`) !== undefined) ids.push(`job-${ids.length}`);
	return ids;
}

function cancel(emulator: TestEmulator, jobId: string | undefined): void {
	const execution = jobId === undefined ? undefined : emulator.service.execution("alpha", jobId);
	if (execution === undefined || isTerminal(execution.status)) return;
	emulator.service.execute("alpha", { type: "cancel", jobId: execution.jobId, force: true });
}

const SEQUENCES = 300;
/** Found with seed 296558: the key that says which settings count is torn. */
const TORN_STATE: readonly Step[] = [
	{ type: "create", job: "nowhere" },
	{ type: "cut", operations: 10, moment: "torn" },
	{ type: "pass", seconds: 60 },
];

describe("Jobs that change the device, interrupted at random", () => {
	async function play(steps: readonly Step[]): Promise<void> {
		const lab = new Lab();
		const emulator = await lab.emulator();
		const door = await Switchboard.open(emulator.addresses.mqtt.port);
		const device = await lab.device(emulator, { config: { selfTestMs: 60_000 } });
		device.on("boot", ({ version }) => device.setConfig(version === "9.0.0" ? { port: 1 } : {}));
		device.on("off", () => setImmediate(() => device.powerOn()));
		try {
			await happen({ lab, emulator, door, device }, steps);
			await assertWell({ lab, emulator, door, device });
		} finally {
			device.removeAllListeners("off");
			await lab.clear();
			await door.close();
		}
	}

	async function happen(situation: Situation, steps: readonly Step[]): Promise<void> {
		situation.device.powerOn();
		for (const step of steps) await (HAPPENINGS[step.type] as Happening)(situation, step as never);
	}

	/** It is reached by a next job, runs an image that stays, and nothing is on trial. */
	async function assertWell({ lab, emulator, device }: Situation): Promise<void> {
		device.cut = undefined;
		for (const jobId of jobIds(emulator)) cancel(emulator, jobId);
		const told = () => device.lines.slice(-40).join("\n");
		const document = { operation: "diagnostics" };
		emulator.service.createJob({ jobId: "last", targets: ["alpha"], document });
		const last = await within(lab.passing(ended(emulator, "last"), 5_000), () => told());
		assert.equal(last.status, "SUCCEEDED", told());
		for (let minute = 0; minute < 15; minute += 1) {
			lab.clock.advance(60_000);
			await turns(10);
		}
		const { bootData } = device.flash;
		assert.equal(bootData.states[bootData.boot], "VALID", told());
		assert.equal(device.running?.slot, bootData.boot, told());
		// One that was torn counts as none was ever written.
		const state = device.flash.readKey("iot-settings", "state");
		const trial = state?.byteLength === 4 ? (state[0] as number) >> 4 : 0;
		assert.equal(trial, 0, `settings are on trial\n${told()}`);
		assert.equal(device.aborts, 0, told());
	}

	/** Real time: the device came to no end. */
	async function within<T>(event: Promise<T>, told: () => string): Promise<T> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new Error(`the last job does not end\n${told()}`)), 15_000);
		});
		try {
			return await Promise.race([event, late]);
		} finally {
			clearTimeout(timer);
		}
	}

	it(`${SEQUENCES} lives: the device is reached, its image stays, nothing is on trial`, async function () {
		this.timeout(600_000);
		const seed = Number(process.env.LIVES_SEED ?? 7);
		process.stdout.write(`      seed ${seed}\n`);
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => play(steps)),
			{ numRuns: SEQUENCES, seed, examples: [[[...TORN_STATE]]] },
		);
	});
});
