/**
 * Why an execution did not succeed: the value of `reason` in its status details. The list is closed, so that an
 * operator can look every value up (README.md, "Reasons").
 */
export type Reason =
	/** The document names an operation that this device has no handler for (REJECTED). */
	| "unknownOperation"
	/** The document lacks a member that the operation needs, or has one of the wrong form (REJECTED). */
	| "invalidDocument"
	/** The message that carried the document is larger than the device's message buffer (REJECTED). */
	| "documentTooLarge"
	/** The image could not be fetched, after all tries (FAILED). */
	| "downloadFailed"
	/** The server sent another number of bytes than the document says (FAILED). */
	| "sizeMismatch"
	/** The bytes received do not have the SHA-256 that the document says (FAILED). */
	| "digestMismatch"
	/** The platform refused the image: too large, not an image of this chip, or the flash failed (FAILED). */
	| "imageRejected"
	/** The new image ran and could not reach the Jobs service in time; the old one runs again (FAILED). */
	| "selfTestFailed"
	/** The new image did not stay: the boot loader went back to the old one (FAILED). */
	| "rolledBack"
	/** The device was reset too often while the job ran (FAILED). */
	| "tooManyResets"
	/** The handler gave no sign of life for too long (FAILED). */
	| "stalled"
	/** The handler threw (FAILED). */
	| "handlerError";
