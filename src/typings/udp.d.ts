/** @moddable/typings 5.6.0 has this module in a form that a strict compiler refuses. It is handed to the resolver, and no more. */
declare module "embedded:io/socket/udp" {
	export default class UDP {
		constructor(options: object);
		close(): void;
	}
}
