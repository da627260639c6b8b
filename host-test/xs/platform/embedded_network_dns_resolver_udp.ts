/** MQTT and HTTP run on the host's side of the bridge, over its sockets: this class is handed around and never made. */
export default class Resolver {
	constructor(_options: object) {
		throw new Error("no sockets on this side of the bridge");
	}
}
