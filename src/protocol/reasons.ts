/**
 * Why an execution did not succeed: the value of `reason` in its status details. The list is closed, so that an operator can
 * look every value up: docs/reference.md is made from the comments here.
 */
export type Reason =
	/** REJECTED: no handler has this name. `known` lists those that there are. */
	| "unknownOperation"
	/** REJECTED: a member of the document is missing or wrong. `error` names it. */
	| "invalidDocument"
	/** REJECTED: the document does not fit the device's message buffer (`messageBytes`), or is nested deeper than 22 levels; FAILED where that is one handed out again, with a longer URL. Make it shorter or flatter, or the buffer larger. */
	| "documentTooLarge"
	/** REJECTED: the version is lower than the one that runs (`running`). Say `allowDowngrade` in the document if it is meant. */
	| "downgrade"
	/** FAILED: the image could not be fetched, after all tries. `error` has the HTTP status or the cause: is the URL right, and has it expired? */
	| "downloadFailed"
	/** FAILED: the server sent another number of bytes than `size`. */
	| "sizeMismatch"
	/** FAILED: the bytes do not have the `sha256` of the document. */
	| "digestMismatch"
	/** REJECTED: the boot loader was built without rollback: add the line in `sdkconfig` to its sdkconfig, and flash it by cable. */
	| "rollbackMissing"
	/** REJECTED: this firmware installs signed images alone and the document has no signature, or nothing but a signature and no key is built in. */
	| "signatureMissing"
	/** FAILED: the signature is not one of this image by the key that the running firmware trusts. */
	| "signatureInvalid"
	/** FAILED: the platform refused the image: too large for the partition, not an image of this chip, or the flash failed. */
	| "imageRejected"
	/** FAILED: the storage refused the file: too large, or no place left. The old file is still read. */
	| "fileRejected"
	/** FAILED: the storage could not take what the job brought, or what the agent must know of it after a reset (`error`): full, or worn. What was there is still used. */
	| "storageFailed"
	/** FAILED: with the new settings or the new certificate the service was not reached (`error`). The old ones are used again. */
	| "trialFailed"
	/** FAILED: the new image could not reach the service in time, or the application's own test says no (`error`). The old one runs again. */
	| "selfTestFailed"
	/** FAILED: the new image did not stay. `resetReason` says what ended its trial; the old one runs again. */
	| "rolledBack"
	/** FAILED: the device was reset again and again while the job ran. `resetReason` has the last cause, `boots` the count. */
	| "tooManyResets"
	/** FAILED: the handler gave no sign of life for `minutes`, and was given up. */
	| "stalled"
	/** FAILED: the handler threw. `error` has the message. */
	| "handlerError";
