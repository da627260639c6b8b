// Which file stands for which of the SDK's modules. In a clone it is a module loader hook, which runs on a thread of its own,
// hence plain JavaScript; what npm packs has the names of the files already: see `tools/build-package.ts`.
const MODULES = {
	"embedded:io/socket/tcp": "tcp.ts",
	"embedded:io/socket/tcp/tls": "tls.ts",
	"embedded:network/http/client": "http-client.ts",
	"embedded:network/mqtt/client": "mqtt-client.ts",
	"embedded:storage/flash": "flash.ts",
	"embedded:storage/key-value": "key-value.ts",
	"mc/config": "config.ts",
	"mc/ffi": "ffi.ts",
	Resource: "resource.ts",
	crypt: "crypt.ts",
	curve: "curve.ts",
	modular: "modular.ts",
	"ssl/cert": "ssl-cert.ts",
	"ssl/session": "ssl-session.ts",
	sntp: "sntp.ts",
	time: "time.ts",
	timer: "timer.ts",
	wifi: "wifi.ts",
	x509: "x509.ts",
};
/** Node.js has a module of this name as well: it is the SDK's for what runs on the chip alone. */
const NET = "net.ts";
const HERE = new URL("./", import.meta.url).href;
const CHIP = new URL("../../src/", import.meta.url).href;
/** Programs of the specs that run in place of the agent. */
const PROGRAM = new URL("../specs/kit/main-", import.meta.url).href;
/** The name under which the manifests bring the agent's modules. */
const AGENT = "iot-jobs/";

/** @param parent URL of the file that imports @returns the URL of the file that is meant; undefined for any other name */
export function standIn(specifier, parent) {
	if (specifier.startsWith(AGENT)) return `${CHIP}${specifier.slice(AGENT.length)}.ts`;
	const isChip = parent?.startsWith(CHIP) || parent?.startsWith(PROGRAM);
	const file = specifier === "net" && isChip ? NET : Object.hasOwn(MODULES, specifier) ? MODULES[specifier] : undefined;
	return file === undefined ? undefined : HERE + file;
}

export async function resolve(specifier, context, nextResolve) {
	return nextResolve(standIn(specifier, context.parentURL) ?? specifier, context);
}
