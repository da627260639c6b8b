/** `embedded:io/socket/udp`: handed to the resolver, which asks the host here and opens none. */
export default class UDP {
	constructor() {
		throw new Error("the host's resolver opens no socket of its own");
	}
}
