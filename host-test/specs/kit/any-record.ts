import fc from "fast-check";
import type { DeviceStatus } from "../../../src/protocol/messages.js";
import { MAX_CHECKPOINT_BYTES } from "../../../src/protocol/record.js";

const jobId = fc.stringMatching(/^[a-zA-Z0-9_-]{1,64}$/);
/** What a record may hold. */
export const anyRecord = fc.record({
	jobId,
	executionNumber: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
	versionNumber: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
	operation: fc.stringMatching(/^[a-z-]{0,32}$/),
	resetsSinceCheckpoint: fc.integer({ min: 0, max: 65_535 }),
	resets: fc.integer({ min: 0, max: 65_535 }),
	pending: fc.constantFrom<DeviceStatus | undefined>(undefined, "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"),
	refused: fc.boolean(),
	repeats: fc.nat(15),
	details: fc.option(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 4 }), {
		nil: undefined,
	}),
	checkpoint: fc.option(fc.uint8Array({ minLength: 1, maxLength: MAX_CHECKPOINT_BYTES }), { nil: undefined }),
});
