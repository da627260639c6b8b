/** What src/platform/tls-fence.ts puts its check around. On the host Node.js does TLS (tls.ts), and nothing calls this. */
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
