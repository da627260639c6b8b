import { Digest } from "../ecma419/crypt.js";
import FFI from "../ecma419/ffi.js";
import flash from "../ecma419/flash.js";
import keyValue from "../ecma419/key-value.js";
import net from "../ecma419/net.js";
import Resource from "../ecma419/resource.js";
import SNTP from "../ecma419/sntp.js";
import time from "../ecma419/time.js";
import Timer from "../ecma419/timer.js";
import WiFi from "../ecma419/wifi.js";
import type { Machine } from "../machine/machine.js";
import { Event, Op } from "./platform/protocol.js";
import { NO_BYTES, type Operations, type Post } from "./xs-process.js";

/** A digest that is open. */
interface Writable {
	write(bytes: Uint8Array): void;
	close(more?: boolean): unknown;
}

/**
 * What the agent in XS asks of the platform, but for the network: by the number of the operation, the call of the module in
 * `ecma419/` that serves the agent in Node.js.
 *
 * @param post sends an event to the object in XS that has this number
 */
export function platformOperations(machine: Machine, post: Post): Operations {
	const timers = new Map<number, Timer>();
	const wifi = new Map<number, WiFi>();
	const open = new Map<number, Writable>();
	const domains = new Map<number, ReturnType<typeof keyValue.open>>();
	let lastId = 0;
	const domainOf = (id: number) => {
		const domain = domains.get(id);
		if (domain === undefined) throw new SyntaxError("C: xsGetHostChunk: invalid host data");
		return domain;
	};
	const keep = (object: Writable): number => {
		lastId += 1;
		open.set(lastId, object);
		return lastId;
	};
	const close = (id: number): unknown => {
		const result = open.get(id)?.close();
		open.delete(id);
		return result;
	};
	return {
		[Op.timerSet]: ({ target, number }) => {
			const fired = () => {
				timers.delete(target);
				post(target, Event.timer);
			};
			timers.set(target, Timer.set(fired, number));
			return undefined;
		},
		[Op.timerClear]: ({ target }) => {
			Timer.clear(timers.get(target));
			timers.delete(target);
			return undefined;
		},
		[Op.config]: ({ text }) => JSON.stringify(machine.hardware.config[text]),
		[Op.resource]: ({ text }) => ({ inFlash: new Uint8Array(new Resource(text).slice(0)) }),
		[Op.resourceExists]: ({ text }) => (Resource.exists(text) ? 1 : 0),
		[Op.keyOpen]: ({ text }) => {
			lastId += 1;
			domains.set(lastId, keyValue.open(JSON.parse(text)));
			return lastId;
		},
		[Op.keyClose]: ({ target }) => {
			domains.delete(target);
			return undefined;
		},
		[Op.keyFormat]: ({ target, text }) => {
			if (text !== "") domainOf(target).format = text as "buffer";
			return domainOf(target).format;
		},
		[Op.keyRead]: ({ target, text }) => {
			const value = domainOf(target).read(text);
			return value instanceof ArrayBuffer ? new Uint8Array(value) : typeof value === "bigint" ? String(value) : value;
		},
		[Op.keyWrite]: ({ target, text, bytes = NO_BYTES }) => {
			const domain = domainOf(target);
			domain.write(text, domain.format === "buffer" ? bytes : Buffer.from(bytes).toString());
			return undefined;
		},
		[Op.keyDelete]: ({ target, text }) => domainOf(target).delete(text) as undefined,
		[Op.partitionOpen]: ({ text }) => {
			openPartition(text);
			return undefined;
		},
		[Op.partitionRead]: ({ target, number, text }) => new Uint8Array(openPartition(text).read(number, target)),
		[Op.partitionErase]: ({ target, number, text }) => openPartition(text).eraseBlock(number, target) as undefined,
		[Op.partitionStatus]: ({ text }) => JSON.stringify(openPartition(text).status()),
		[Op.partitionWrite]: ({ number, text, bytes = NO_BYTES }) => openPartition(text).write(bytes, number) as undefined,
		[Op.digestOpen]: ({ text }) => keep(new Digest(text)),
		[Op.digestWrite]: ({ target, bytes = NO_BYTES }) => open.get(target)?.write(bytes) as undefined,
		[Op.digestClose]: ({ target, number }) =>
			new Uint8Array((number === 1 ? open.get(target)?.close(true) : close(target)) as ArrayBuffer),
		[Op.wifiListen]: ({ target }) => {
			wifi.set(target, new WiFi(undefined, (message) => post(target, Event.wifi, 0, message)));
			return undefined;
		},
		[Op.wifiJoin]: ({ text }) => WiFi.connect(JSON.parse(text)) as undefined,
		[Op.wifiClose]: ({ target }) => wifi.get(target)?.close() as undefined,
		[Op.netGet]: ({ text }) => JSON.stringify(net.get(text)) ?? "",
		[Op.sntpAsk]: ({ target, text }) => {
			new SNTP({ host: text }, (message, value = 0) => post(target, Event.sntp, message, String(value)));
			return undefined;
		},
		[Op.timeSet]: ({ number }) => time.set(number) as undefined,
		[Op.ffi]: ({ number, text }) => {
			const result = new FFI()[text as keyof FFI](number);
			return typeof result === "bigint" ? Number(result) : result;
		},
	};
}

/** @param opened MODE/PATH, MODE where no path was given, nothing where it was closed */
function openPartition(opened: string) {
	if (opened === "") throw new SyntaxError("C: xsGetHostChunk: invalid host data");
	const [mode, path] = opened.split("/");
	return flash.open({ path: path as string, ...(mode !== undefined && { mode }) });
}
