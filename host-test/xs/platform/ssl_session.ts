/** What src/platform/tls-fence.ts puts its check around. TLS is done on the host's side of the bridge: nothing calls this. */
export default class Session {
	readPacket(): undefined {
		return undefined;
	}

	handshake(): undefined {
		return undefined;
	}

	read(): undefined {
		return undefined;
	}
}
