/** A socket, as the clients use it. */
export interface ClientSocket {
	read(count?: number): ArrayBuffer | undefined;
	write(data: Uint8Array): number;
	close(): void;
}

/** Where a client connects to, and by what. */
export interface ClientNetwork {
	host: string;
	port?: number;
	dns: { io: new (options: object) => { resolve(options: object): void } };
	socket: { io: new (options: object) => ClientSocket };
}
