// A module loader hook: which file stands for which of the SDK's modules. It runs on a thread of its own, hence plain
// JavaScript.
const MODULES = {
	"embedded:io/socket/tcp": "tcp.ts",
	"embedded:io/socket/tcp/tls": "tls.ts",
	"embedded:io/system": "system.ts",
	"embedded:network/dns/resolver/udp": "resolver.ts",
	"embedded:network/http/client": "http-client.ts",
	"embedded:network/mqtt/client": "mqtt-client.ts",
	"embedded:storage/flash": "flash.ts",
	"embedded:storage/key-value": "key-value.ts",
	"embedded:update": "update.ts",
	"mc/config": "config.ts",
	"mc/ffi": "ffi.ts",
	Resource: "resource.ts",
	crypt: "crypt.ts",
	timer: "timer.ts",
};

export async function resolve(specifier, context, nextResolve) {
	const file = MODULES[specifier];
	if (file === undefined) return nextResolve(specifier, context);
	return nextResolve(new URL(file, import.meta.url).href, context);
}
