import type { KeyObject } from "node:crypto";
import { makeImage } from "../../device/image.js";
import type { VirtualDeviceOptions } from "../../device/virtual-device.js";
import type { TestDevice, TestEmulator } from "./lab.js";
import { type DocumentVariant, stranger } from "./ota-documents.js";
import { otaMain } from "./ota-main.js";

/** What a fault may change before the job is created. */
export interface Situation extends DocumentVariant {
	readonly emulator: TestEmulator;
	/** What the service has, and what signs it. */
	image: Buffer;
	key: KeyObject;
	options: Partial<VirtualDeviceOptions>;
	/** Called with the device, before its power is on. */
	prepare: (device: TestDevice) => void;
	/** After the document was made of it, the service has this in the image's place. */
	serve: Buffer | undefined;
}

/** Undefined where a source or a form has no such fault. */
type Expected = readonly [status: string, reason: string | undefined, running: string] | undefined;

/** A fault, and what the job then comes to. */
export interface FaultRow {
	readonly fault: string;
	set(situation: Situation): Expected;
}

const good: Expected = ["SUCCEEDED", undefined, "2.0.0"];
const failed = (reason: string): Expected => ["FAILED", reason, "1.0.0"];
const rejected = (reason: string): Expected => ["REJECTED", reason, "1.0.0"];
const flipped = (image: Buffer, at: number) => {
	const changed = Buffer.from(image);
	changed[at] = (changed[at] ?? 0) ^ 0xff;
	return changed;
};

const program = (options: Parameters<typeof otaMain>[0]) => ({ program: () => () => otaMain(options) });

/** The power goes in each boot of the new image, so many times. */
const powerLoss = (times: number) => (device: TestDevice) => {
	let left = times;
	device.on("boot", ({ version }) => {
		if (version === "1.0.0" || left === 0) return;
		left -= 1;
		setImmediate(() => device.reset());
	});
};

export const FAULTS: readonly FaultRow[] = [
	{ fault: "none", set: () => good },
	{
		fault: "the connection is cut in the middle",
		set({ emulator, source }) {
			if (source === "HTTPS") emulator.images.faults = { cutAfter: [5_000] };
			else emulator.faults.add({ action: "cut", to: "device", topic: "*/data/cbor", skip: 3, times: 1 });
			return good;
		},
	},
	{
		fault: "the URL has expired",
		set({ emulator, source }) {
			emulator.images.faults = { statuses: [403] };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server ignores Range",
		set({ emulator, source }) {
			emulator.images.faults = { cutAfter: [9_000, 5_000], ignoreRange: true };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server sends HTTP chunks",
		set({ emulator, source }) {
			emulator.images.faults = { chunked: true };
			return source === "HTTPS" ? good : undefined;
		},
	},
	{
		fault: "the server redirects",
		set({ emulator, source }) {
			emulator.images.faults = { statuses: [302] };
			return source === "HTTPS" ? failed("downloadFailed") : undefined;
		},
	},
	{
		fault: "the file is cut off",
		set(situation) {
			situation.serve = situation.image.subarray(0, 9_000);
			return failed(situation.source === "HTTPS" ? "sizeMismatch" : "downloadFailed");
		},
	},
	{
		fault: "the file is longer than was said",
		set(situation) {
			situation.serve = Buffer.concat([situation.image, Buffer.alloc(5_000)]);
			return failed(situation.source === "HTTPS" ? "sizeMismatch" : "downloadFailed");
		},
	},
	{
		fault: "one byte is another",
		set(situation) {
			situation.serve = flipped(situation.image, 12_345);
			return failed(situation.form === "ota" ? "digestMismatch" : "signatureInvalid");
		},
	},
	{
		fault: "the digest is another",
		set(situation) {
			situation.change = { sha256: "00".repeat(32) };
			return situation.form === "ota" ? failed("digestMismatch") : undefined;
		},
	},
	{
		fault: "the signature is another key's",
		set(situation) {
			situation.key = stranger.privateKey;
			return failed("signatureInvalid");
		},
	},
	{
		fault: "no signature",
		set(situation) {
			situation.change = { signature: undefined };
			situation.changeFile = { "sig-sha256-ecdsa": undefined };
			return rejected(situation.form === "ota" ? "signatureMissing" : "invalidDocument");
		},
	},
	{
		fault: "another chip's image",
		set({ image }) {
			image.writeUInt16LE(9, 12);
			return failed("imageRejected");
		},
	},
	{
		fault: "no firmware at all",
		set(situation) {
			situation.image = Buffer.alloc(20_000, "<html>");
			return failed("imageRejected");
		},
	},
	{
		fault: "an image that does not boot",
		set(situation) {
			situation.image = flipped(situation.image, 12_345); // its own checksum is wrong; digest and signature are right
			return failed("imageRejected");
		},
	},
	{
		fault: "an older version",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			situation.change = { version: "0.9.0" };
			return situation.form === "ota" ? rejected("downgrade") : failed("imageRejected");
		},
	},
	{
		fault: "an older version that is said to be new",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			return failed("imageRejected");
		},
	},
	{
		fault: "an older version that is meant",
		set(situation) {
			situation.image = makeImage({ version: "0.9.0", programBytes: 20_000 });
			situation.change = { version: "0.9.0", allowDowngrade: true };
			return situation.form === "ota" ? ["SUCCEEDED", undefined, "0.9.0"] : undefined;
		},
	},
	{
		fault: "too large for the partition",
		set(situation) {
			situation.options = { slotBytes: 16_384 };
			return failed("imageRejected");
		},
	},
	{
		fault: "the self-test says no",
		set(situation) {
			situation.options = program({ selfTest: (done) => done("no display") });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the self-test hangs",
		set(situation) {
			situation.options = program({ selfTest: () => undefined });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the self-test throws",
		set(situation) {
			const broken = () => {
				throw new Error("no display");
			};
			situation.options = program({ selfTest: broken });
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the new image cannot connect",
		set(situation) {
			situation.prepare = (device) =>
				device.on("boot", ({ version }) => device.setConfig(version === "1.0.0" ? {} : { port: 1 }));
			return failed("selfTestFailed");
		},
	},
	{
		fault: "the new image crashes",
		set(situation) {
			const crash = () => {
				throw new Error("the new firmware is broken");
			};
			situation.options = { program: ({ version }) => (version === "1.0.0" ? undefined : crash) };
			return failed("rolledBack");
		},
	},
	{
		fault: "power is lost in the self-test",
		set(situation) {
			situation.prepare = powerLoss(1);
			return good;
		},
	},
	{
		fault: "power is lost in every self-test",
		set(situation) {
			situation.prepare = powerLoss(10);
			return failed("rolledBack");
		},
	},
];
