import assert from "node:assert/strict";
import type { ImageFaults } from "../../emulator/api/image-server.js";
import type { Execution } from "../../emulator/jobs/execution.js";
import { engines, programFor } from "../kit/engines.js";
import { ended } from "../kit/executions.js";
import { publishImage, type TestImage } from "../kit/images.js";
import { Lab, type TestDevice, type TestEmulator, turns } from "../kit/lab.js";
import { Switchboard } from "../kit/switchboard.js";

/** What a server answers that will be better later. */
const failures = (count: number) => Array.from({ length: count }, (_, i) => [503, 500, 502, 429][i % 4] as number);

for (const engine of engines)
	describe(`A download over HTTPS with faults, the agent in ${engine}`, () => {
		let lab: Lab;
		let emulator: TestEmulator;
		let device: TestDevice;
		let published: TestImage;
		beforeEach(async () => {
			lab = new Lab();
			emulator = await lab.emulator();
			const agent = await programFor(engine);
			device = await lab.device(emulator, { program: () => agent });
			published = publishImage(emulator);
		});
		afterEach(() => lab.clear());

		/** Time passes, little by little, until the job has ended. */
		async function run(document: Record<string, unknown> = published.document): Promise<Execution> {
			emulator.service.createJob({
				jobId: "update",
				targets: ["alpha"],
				document,
				presignedUrlConfig: { expiresInSec: 60 },
			});
			device.powerOn();
			return await lab.passing(ended(emulator, "update"));
		}

		function assertNewImageRuns(): void {
			assert.equal(device.running?.version, "2.0.0");
			assert.ok(device.flash.holds(device.running?.slot ?? 0, published.image), "the image is whole");
			assert.equal(device.aborts, 0);
		}

		it("goes on after each lost connection, and fetches hardly a byte twice", async () => {
			emulator.images.faults = { cutAfter: [5_000, 4_096, 100, 7_000] };
			assert.equal((await run()).status, "SUCCEEDED");
			assertNewImageRuns();
			const { ranges, bytesSent } = emulator.images;
			assert.equal(ranges.length, 5);
			assert.equal(ranges[0], undefined);
			for (const range of ranges.slice(1)) assert.match(range ?? "", /^bytes=\d+-$/);
			const twice = bytesSent - published.image.byteLength;
			// What was on its way when the connection went is lost with it: a piece for each cut.
			assert.ok(twice >= 0 && twice <= 4 * 4_096, `${twice} bytes were fetched twice`);
		});

		it("goes on as long as something comes, however often the connection is lost", async () => {
			emulator.images.faults = { cutAfter: Array.from({ length: 12 }, () => 1_800) };
			assert.equal((await run()).status, "SUCCEEDED");
			assertNewImageRuns();
		});

		for (const [what, faults] of [
			["ignores Range", { cutAfter: [9_000, 5_000], ignoreRange: true }],
			["has another file each time, as its ETag says", { cutAfter: [9_000], changing: true }],
		] as [string, ImageFaults][]) {
			it(`starts again when the server ${what}`, async () => {
				emulator.images.faults = faults;
				assert.equal((await run()).status, "SUCCEEDED");
				assertNewImageRuns();
				assert.ok(device.lines.some((line) => line.includes("the download starts again")));
			});
		}

		it("asks for the document again when its URL has expired, and goes on", async () => {
			const { url } = published.document as { url: string };
			const name = url.slice(url.lastIndexOf("/") + 1);
			const placeholder = `\${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/bucket/${name}}`;
			emulator.images.faults = { cutAfter: [8_000] };
			device.once("flash", () => emulator.clock.advance(61_000));
			assert.equal((await run({ ...published.document, url: placeholder })).status, "SUCCEEDED");
			assertNewImageRuns();
			assert.ok(device.lines.some((line) => line.includes("HTTP status 403")));
			assert.equal(emulator.images.ranges.length, 3);
		});

		for (const [what, faults, reason, requests] of [
			["that ends too soon", { truncateTo: 9_000 }, "sizeMismatch", 1],
			["with one byte changed", { corruptAt: 12_345 }, "digestMismatch", 1],
			["that is nowhere", { statuses: [404] }, "downloadFailed", 1],
			["that is refused again and again", { statuses: [403, 403, 403, 403, 403] }, "downloadFailed", 5],
			["from a server that fails for good", { statuses: failures(20) }, "downloadFailed", 15],
		] as [string, ImageFaults, string, number][]) {
			it(`an image ${what}: ${reason} after ${requests} requests`, async () => {
				emulator.images.faults = faults;
				const { status, statusDetails } = await run();
				assert.deepEqual([status, statusDetails?.reason], ["FAILED", reason]);
				assert.equal(emulator.images.ranges.length, requests);
				assert.equal(device.running?.version, "1.0.0");
			});
		}

		it("survives a server that fails for as long as a router takes to start again", async () => {
			emulator.images.faults = { cutAfter: [9_000] };
			device.once("flash", () => {
				emulator.images.faults = { statuses: failures(8) };
			});
			assert.equal((await run()).status, "SUCCEEDED");
			assertNewImageRuns();
		});

		it("tries again when the server takes the connection and says nothing", async () => {
			const { port } = new URL(String(published.document.url));
			const board = await Switchboard.open(() => undefined);
			const url = String(published.document.url).replace(port, String(board.port));
			const end = run({ ...published.document, url });
			await lab.passing(device.said(/the server is silent/));
			board.target = Number(port);
			assert.equal((await end).status, "SUCCEEDED");
			assertNewImageRuns();
			await board.close();
		});

		it("waits for the service with an expired URL, however long the connection is gone", async () => {
			const board = await Switchboard.open(emulator.broker.port);
			const name = String(published.document.url).split("/").at(-1);
			const url = `\${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/bucket/${name}}`;
			emulator.images.faults = { cutAfter: [8_000] };
			device.once("flash", () => {
				emulator.clock.advance(61_000);
				board.target = (socket) => socket.destroy();
				emulator.broker.disconnect("alpha");
			});
			device.setConfig({ port: board.port });
			const end = run({ ...published.document, url });
			await device.said(/HTTP status 403/);
			for (let minute = 0; minute < 120; minute += 1) {
				lab.clock.advance(60_000);
				await turns(2);
			}
			board.target = emulator.broker.port;
			assert.equal((await end).status, "SUCCEEDED", device.lines.join("\n"));
			assertNewImageRuns();
			await board.close();
		});
	});
