/*
 * One XS machine with the heaps of a chip: `xs-machine ROOT CHUNK_BYTES SLOTS STACK_SLOTS [grow]`.
 *
 * It loads the module ROOT/boot.js and then speaks frames over standard input and output, each a length (u32, little
 * endian) and that many bytes, the first of which says what it is.
 *
 * In:  'E' event: target i32, event u8, number f64, text (u32 and bytes), bytes (u32 and bytes; 0xffffffff: none)
 *      'G' collect all garbage, 'P' forget the peaks. Each is answered by 'I'.
 *      'R' the answer to a call: kind u8 (0 undefined, 1 number f64, 2 text, 3 bytes, 4 an error to throw)
 * Out: 'C' call: operation u8, target i32, number f64, text, bytes; the machine waits for 'R'
 *      'T' text for the console
 *      'M' a module was loaded: byte code u32, symbols u32, name
 *      'I' idle: nine u32, see `idle`
 *
 * It ends with a line on standard error and exit code 3 for an unhandled exception, 4 for full memory, 5 for an overflow
 * of the stack.
 */
#include "xsAll.h"
#include "xsScript.h"

enum { EXIT_EXCEPTION = 3, EXIT_MEMORY = 4, EXIT_STACK = 5 };
#define NONE 0xffffffffu

static char root[1024];

/*
 * Loading a module takes chunks for its byte code that are free again afterwards; the chip, where modules are preloaded, never
 * needs them. They are there while the program is loaded, and then an ArrayBuffer takes them up that nobody uses.
 */
enum { LOADING_BYTES = 128 * 1024, BALLAST_SLOTS = 5, CHUNK_HEAD_BYTES = 16 };
static txSize ballastBytes, ballastSlots;

/* ---- frames */

typedef struct {
	unsigned char* data;
	size_t size;
	size_t capacity;
} Buffer;

static void put(Buffer* buffer, const void* data, size_t size)
{
	if (buffer->size + size > buffer->capacity) {
		buffer->capacity = (buffer->size + size) * 2;
		buffer->data = realloc(buffer->data, buffer->capacity);
		if (!buffer->data) exit(EXIT_MEMORY);
	}
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

static void putU32(Buffer* buffer, uint32_t value) { put(buffer, &value, 4); }

static void putBytes(Buffer* buffer, const void* data, size_t size)
{
	putU32(buffer, (uint32_t)size);
	put(buffer, data, size);
}

static void writeAll(const void* data, size_t size)
{
	const char* p = data;
	while (size > 0) {
		ssize_t count = write(1, p, size);
		if (count < 0) {
			if (errno == EINTR) continue;
			exit(0); /* the other side has gone */
		}
		p += count;
		size -= (size_t)count;
	}
}

static void begin(Buffer* buffer, char kind)
{
	buffer->size = 0;
	putU32(buffer, 0);
	put(buffer, &kind, 1);
}

static void end(Buffer* buffer)
{
	uint32_t length = (uint32_t)(buffer->size - 4);
	memcpy(buffer->data, &length, 4);
	writeAll(buffer->data, buffer->size);
}

static void readAll(void* data, size_t size)
{
	char* p = data;
	while (size > 0) {
		ssize_t count = read(0, p, size);
		if (count < 0 && errno == EINTR) continue;
		if (count <= 0) exit(0);
		p += count;
		size -= (size_t)count;
	}
}

/* One frame; it lies in `buffer` until the next. */
static void receive(Buffer* buffer)
{
	uint32_t length;
	readAll(&length, 4);
	buffer->size = 0;
	if (buffer->capacity < length + 1) {
		buffer->capacity = length + 1;
		buffer->data = realloc(buffer->data, buffer->capacity);
		if (!buffer->data) exit(EXIT_MEMORY);
	}
	readAll(buffer->data, length);
	buffer->data[length] = 0;
	buffer->size = length;
}

static Buffer outgoing, incoming;

/* Slots and chunk bytes in use and at peak, collections, the stack's peak in slots, metering, slot size, the stack in use. */
static void idle(txMachine* the)
{
	begin(&outgoing, 'I');
	putU32(&outgoing, (uint32_t)(the->currentHeapCount - ballastSlots));
	putU32(&outgoing, (uint32_t)(the->peakHeapCount - ballastSlots));
	putU32(&outgoing, (uint32_t)(the->currentChunksSize - ballastBytes));
	putU32(&outgoing, (uint32_t)(the->peakChunksSize - ballastBytes));
	putU32(&outgoing, (uint32_t)the->garbageCollectionCount);
	putU32(&outgoing, (uint32_t)(the->stackTop - the->stackPeak));
	putU32(&outgoing, (uint32_t)the->meterIndex);
	putU32(&outgoing, (uint32_t)sizeof(txSlot));
	putU32(&outgoing, (uint32_t)(the->stackTop - the->stack));
	end(&outgoing);
}

/* ---- what JavaScript calls */

static void* bytesOf(txMachine* the, txSlot* slot, txInteger* length)
{
	*length = fxGetArrayBufferLength(the, slot);
	return fxToArrayBuffer(the, slot);
}

/* hostCall(operation, target, number, text, buffer, byteOffset, byteLength) */
static void hostCall(txMachine* the)
{
	txU1 operation = (txU1)fxToInteger(the, mxArgv(0));
	txS4 target = fxToInteger(the, mxArgv(1));
	txNumber number = fxToNumber(the, mxArgv(2));
	txString text = fxToString(the, mxArgv(3));
	begin(&outgoing, 'C');
	put(&outgoing, &operation, 1);
	put(&outgoing, &target, 4);
	put(&outgoing, &number, 8);
	putBytes(&outgoing, text, strlen(text));
	if (mxArgc > 4 && mxArgv(4)->kind == XS_REFERENCE_KIND) {
		txInteger length;
		char* data = bytesOf(the, mxArgv(4), &length);
		txInteger offset = fxToInteger(the, mxArgv(5));
		txInteger count = fxToInteger(the, mxArgv(6));
		if (offset < 0 || count < 0 || offset > length || count > length - offset) mxRangeError("invalid range");
		putBytes(&outgoing, data + offset, (size_t)count);
	}
	else
		putU32(&outgoing, NONE);
	end(&outgoing);
	receive(&incoming);
	char* value = (char*)incoming.data + 2;
	txInteger size = (txInteger)incoming.size - 2;
	switch (incoming.data[1]) {
	case 1:
		memcpy(&number, value, 8);
		if (number == (txNumber)(txInteger)number)
			fxInteger(the, mxResult, (txInteger)number);
		else
			fxNumber(the, mxResult, number);
		break;
	case 2:
		fxString(the, mxResult, value);
		break;
	case 3:
		fxArrayBuffer(the, mxResult, value, size, -1);
		break;
	case 4:
		mxUnknownError("%s", value);
		break;
	}
}

static void hostTrace(txMachine* the)
{
	txString text = fxToString(the, mxArgv(0));
	begin(&outgoing, 'T');
	put(&outgoing, text, strlen(text));
	end(&outgoing);
}

/* heap(): what `idle` reports, for scripts that measure themselves: [slots, chunk bytes, collections, meter] */
static void hostHeap(txMachine* the)
{
	txInteger which = fxToInteger(the, mxArgv(0));
	txInteger values[] = { (txInteger)(the->currentHeapCount - ballastSlots), (txInteger)(the->currentChunksSize - ballastBytes),
		(txInteger)the->garbageCollectionCount, (txInteger)the->meterIndex };
	fxInteger(the, mxResult, values[which & 3]);
}

static void hostCollect(txMachine* the) { fxCollectGarbage(the); }

static void define(txMachine* the, txString name, txCallback callback)
{
	txID id = fxNewNameC(the, name);
	fxNewHostFunction(the, callback, 0, id, XS_NO_ID);
	mxPush(mxGlobal);
	fxSetID(the, id);
	mxPop();
}

/* ---- the platform that XS asks for */

void fxAbort(txMachine* the, int status)
{
	switch (status) {
	case XS_NOT_ENOUGH_MEMORY_EXIT:
		fprintf(stderr, "memory full: %d slots, %d chunk bytes in use\n", (int)the->currentHeapCount, (int)the->currentChunksSize);
		_exit(EXIT_MEMORY);
	case XS_STACK_OVERFLOW_EXIT:
		fprintf(stderr, "stack overflow\n");
		_exit(EXIT_STACK);
	default:
		fprintf(stderr, "abort %d\n", status);
		_exit(EXIT_EXCEPTION);
	}
}

void fxCreateMachinePlatform(txMachine* the) { the->promiseJobs = 0; }
void fxDeleteMachinePlatform(txMachine* the) { (void)the; }
void fxQueuePromiseJobs(txMachine* the) { the->promiseJobs = 1; }

/* "./x.js" and "../y/x.js" belong to the importing module's folder, "iot-jobs/x" is the agent's; any other name is the
 * platform's. */
txID fxFindModule(txMachine* the, txSlot* realm, txID moduleID, txSlot* slot)
{
	char name[512], path[1600];
	(void)realm;
	fxToStringBuffer(the, slot, name, sizeof(name));
	if (name[0] == '/') return fxNewNameC(the, name);
	if (name[0] == '.') {
		char* rest = name;
		if (moduleID == XS_NO_ID) return XS_NO_ID;
		snprintf(path, sizeof(path), "%s", fxGetKeyName(the, moduleID));
		char* slash = strrchr(path, '/');
		if (!strncmp(rest, "./", 2)) rest += 2;
		while (slash && !strncmp(rest, "../", 3)) {
			*slash = 0;
			slash = strrchr(path, '/');
			rest += 3;
		}
		if (!slash) return XS_NO_ID;
		slash[1] = 0;
		strncat(path, rest, sizeof(path) - strlen(path) - 1);
	}
	else if (!strncmp(name, "iot-jobs/", 9)) snprintf(path, sizeof(path), "%s/src/%s.js", root, name + 9);
	else {
		for (char* p = name; *p; p++)
			if (*p == ':' || *p == '/') *p = '_';
		snprintf(path, sizeof(path), "%s/platform/%s.js", root, name);
	}
	return fxNewNameC(the, path);
}

void fxLoadModule(txMachine* the, txSlot* module, txID moduleID)
{
	txString path = fxGetKeyName(the, moduleID);
	FILE* file = fopen(path, "r");
	if (!file) {
		fprintf(stderr, "no module %s\n", path);
		return;
	}
	txScript* script = fxParseScript(the, file, (txGetter)fgetc, 0);
	fclose(file);
	if (!script) {
		fprintf(stderr, "syntax error in %s\n", path);
		return;
	}
	begin(&outgoing, 'M');
	putU32(&outgoing, (uint32_t)script->codeSize);
	putU32(&outgoing, (uint32_t)script->symbolsSize);
	path = fxGetKeyName(the, moduleID) + strlen(root) + 1;
	put(&outgoing, path, strlen(path));
	end(&outgoing);
	fxResolveModule(the, module, moduleID, script, C_NULL, C_NULL);
}

/* ---- running */

static void unhandled(txMachine* the)
{
	fprintf(stderr, "unhandled exception: %s\n", fxToString(the, &mxException));
	_exit(EXIT_EXCEPTION);
}

static void fulfilled(txMachine* the) { (void)the; }

static void rejected(txMachine* the)
{
	fprintf(stderr, "unhandled exception: %s\n", fxToString(the, mxArgv(0)));
	_exit(EXIT_EXCEPTION);
}

static void settle(txMachine* the)
{
	while (the->promiseJobs) {
		the->promiseJobs = 0;
		fxRunPromiseJobs(the);
	}
	fxEndJob(the);
}

static void load(txMachine* the)
{
	char path[1100];
	snprintf(path, sizeof(path), "%s/boot.js", root);
	mxTry(the) {
		txSlot* realm = mxProgram.value.reference->next->value.module.realm;
		mxPushStringC(path);
		fxRunImport(the, realm, XS_NO_ID);
		mxDub();
		fxGetID(the, mxID(_then));
		mxCall();
		fxNewHostFunction(the, fulfilled, 1, XS_NO_ID, XS_NO_ID);
		fxNewHostFunction(the, rejected, 1, XS_NO_ID, XS_NO_ID);
		mxRunCount(2);
		mxPop();
	}
	mxCatch(the) {
		unhandled(the);
	}
	settle(the);
}

/* After loading: takes up what loading needed. */
static void putBallast(txMachine* the)
{
	txSize chunks = (txSize)the->currentChunksSize, slots = (txSize)the->currentHeapCount;
	txID name = fxNewNameC(the, "ballast");
	mxPushUndefined();
	fxArrayBuffer(the, the->stack, NULL, LOADING_BYTES - CHUNK_HEAD_BYTES, -1);
	mxPush(mxGlobal);
	fxSetID(the, name);
	mxPop();
	ballastBytes = (txSize)the->currentChunksSize - chunks;
	ballastSlots = (txSize)the->currentHeapCount - slots;
}

/* globalThis.onEvent(target, event, number, text, bytes) */
static void event(txMachine* the, txID onEvent)
{
	unsigned char* p = incoming.data + 1;
	txS4 target;
	txNumber number;
	uint32_t textLength, byteLength;
	memcpy(&target, p, 4);
	txU1 kind = p[4];
	memcpy(&number, p + 5, 8);
	memcpy(&textLength, p + 13, 4);
	char* text = (char*)p + 17;
	memcpy(&byteLength, text + textLength, 4);
	char* bytes = text + textLength + 4;
	text[textLength] = 0; /* over the length that was just read */
	mxTry(the) {
		mxPushUndefined();
		mxPush(mxGlobal);
		fxGetID(the, onEvent);
		mxCall();
		mxPushInteger(target);
		mxPushInteger(kind);
		mxPushNumber(number);
		mxPushUndefined();
		fxString(the, the->stack, text);
		mxPushUndefined();
		if (byteLength != NONE) fxArrayBuffer(the, the->stack, bytes, (txInteger)byteLength, -1);
		mxRunCount(5);
		mxPop();
	}
	mxCatch(the) {
		unhandled(the);
	}
	settle(the);
}

int main(int argc, char* argv[])
{
	if (argc < 5) {
		fprintf(stderr, "usage: xs-machine ROOT CHUNK_BYTES SLOTS STACK_SLOTS [grow]\n");
		return 2;
	}
	snprintf(root, sizeof(root), "%s", argv[1]);
	int grow = argc > 5; /* to measure what the built-ins and the modules need */
	txCreation creation = {
		.initialChunkSize = atoi(argv[2]) + (grow ? 0 : LOADING_BYTES),
		.incrementalChunkSize = grow ? 64 * 1024 : 0,
		.initialHeapCount = atoi(argv[3]) + (grow ? 0 : BALLAST_SLOTS),
		.incrementalHeapCount = grow ? 4096 : 0,
		.stackCount = atoi(argv[4]),
		.initialKeyCount = 4096,
		.incrementalKeyCount = 1024,
		.nameModulo = 1993,
		.symbolModulo = 127,
		.parserBufferSize = 64 * 1024,
		.parserTableModulo = 1993,
	};
	txMachine* the = fxCreateMachine(&creation, "iot-jobs", NULL, XS_NO_ID);
	if (!the) return EXIT_MEMORY;
	fxBeginHost(the);
	define(the, "hostCall", hostCall);
	define(the, "hostTrace", hostTrace);
	define(the, "hostHeap", hostHeap);
	define(the, "hostCollect", hostCollect);
	load(the);
	txID onEvent = fxNewNameC(the, "onEvent");
	fxCollectGarbage(the);
	if (!grow) putBallast(the);
	for (;;) {
		idle(the);
		receive(&incoming);
		switch (incoming.data[0]) {
		case 'E':
			event(the, onEvent);
			break;
		case 'G':
			fxCollectGarbage(the);
			break;
		case 'P':
			the->peakHeapCount = the->currentHeapCount;
			the->peakChunksSize = the->currentChunksSize;
			the->stackPeak = the->stack;
			break;
		}
	}
}
