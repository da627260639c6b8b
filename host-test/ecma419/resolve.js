// A module loader hook: which file stands for which of the SDK's modules. It runs on a thread of its own, hence plain
// JavaScript.
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
const CHIP = new URL("../../src/", import.meta.url).href;
/** Programs of the specs that run in place of the agent. */
const PROGRAM = new URL("../specs/kit/main-", import.meta.url).href;
/** The name under which the manifests bring the agent's modules. */
const AGENT = "iot-jobs/";

export async function resolve(specifier, context, nextResolve) {
	if (specifier.startsWith(AGENT)) return nextResolve(`${CHIP}${specifier.slice(AGENT.length)}.ts`, context);
	const isChip = context.parentURL?.startsWith(CHIP) || context.parentURL?.startsWith(PROGRAM);
	const file = specifier === "net" && isChip ? NET : MODULES[specifier];
	if (file === undefined) return nextResolve(specifier, context);
	return nextResolve(new URL(file, import.meta.url).href, context);
}
