/** AWS's exceptions without the word "Exception", as far as the stores and the service throw them. */
export type ErrorName =
	| "CertificateState"
	| "CertificateValidation"
	| "Conflict"
	| "DeleteConflict"
	| "InvalidRequest"
	| "InvalidStateTransition"
	| "LimitExceeded"
	| "MalformedPolicy"
	| "ResourceAlreadyExists"
	| "ResourceNotFound"
	| "VersionConflict"
	| "VersionsLimitExceeded";

/** Why a request is refused. Nobody below api/ knows HTTP: `api/errors.ts` gives each name its status. */
export class ServiceError extends Error {
	readonly code: ErrorName;

	constructor(code: ErrorName, message: string) {
		super(message);
		this.code = code;
	}
}

export const invalidRequest = (message: string) => new ServiceError("InvalidRequest", message);
export const notFound = (message: string) => new ServiceError("ResourceNotFound", message);
