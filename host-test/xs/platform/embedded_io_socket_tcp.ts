export type Callback = (count?: number) => void;

export interface SocketOptions {
	readonly onReadable?: Callback;
	readonly onWritable?: Callback;
	readonly onError?: Callback;
}

/** What a connection keeps alive on this side of the bridge: as with the SDK's class, its callbacks. The bytes go over the host's. */
export default class TCP {
	protected readonly onReadable: Callback | undefined;
	protected readonly onWritable: Callback | undefined;
	protected readonly onError: Callback | undefined;

	constructor({ onReadable, onWritable, onError }: SocketOptions) {
		this.onReadable = onReadable;
		this.onWritable = onWritable;
		this.onError = onError;
	}

	write(_data: ArrayBuffer | Uint8Array): number {
		return 0;
	}

	close(): void {}
}
