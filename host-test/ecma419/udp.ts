/** `embedded:io/socket/udp`: only handed to the resolver, which asks the host's resolver and opens no socket. */
export default class UDP {
	constructor() {
		throw new Error("the host's resolver opens no socket of its own");
	}
}
