/** The resolver is on the host's side of the bridge: this class is handed around and never made. */
export default class UDP {
	constructor() {
		throw new Error("no sockets on this side of the bridge");
	}
}
