import { call } from "./host.js";
import { Op } from "./protocol.js";

class Domain {
	readonly #path: string;

	constructor(path: string) {
		this.#path = path;
	}

	read(key: string): ArrayBuffer | undefined {
		return call(Op.keyRead, 0, 0, `${this.#path}/${key}`) as ArrayBuffer | undefined;
	}

	write(key: string, value: ArrayBuffer | Uint8Array): void {
		call(Op.keyWrite, 0, 0, `${this.#path}/${key}`, value);
	}

	delete(key: string): boolean {
		return call(Op.keyDelete, 0, 0, `${this.#path}/${key}`) === 1;
	}

	close(): void {}
}

export default {
	open({ path }: { path: string }): Domain {
		return new Domain(path);
	},
};
