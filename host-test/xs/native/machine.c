/*
 * One XS machine with the heaps of a chip: `xs-machine ROOT CHUNK_BYTES SLOTS STACK_SLOTS [grow]`.
 *
 * It loads the module ROOT/boot.js, and then does what the frames on its standard input say (frames.h). With `grow` the heaps may
 * become larger, to measure what a program needs.
 */
#include "xsAll.h"

#include "frames.h"
#include "memory.h"

/*
 * Loading a module takes chunks and slots that are free again afterwards. The chip never needs them, since its modules are
 * preloaded. So the heaps are larger by LOADING_BYTES and LOADING_SLOTS while the program is loaded; afterwards an ArrayBuffer and
 * an object that nobody uses take them up.
 */
enum { LOADING_BYTES = 128 * 1024, LOADING_SLOTS = 8 * 1024, CHUNK_HEAD_BYTES = 16 };
static txSize ballastBytes, ballastSlots;

/*
 * Slots and chunk bytes, each in use and at peak; collections; the stack's peak in slots; metering; slot size; the stack in use;
 * where the live peak is watched: its slots, its chunk bytes, and the most bytes of both together.
 */
static void idle(txMachine* the)
{
	beginFrame('I');
	putU32((uint32_t)(the->currentHeapCount - ballastSlots));
	putU32((uint32_t)(the->peakHeapCount - ballastSlots));
	putU32((uint32_t)(the->currentChunksSize - ballastBytes));
	putU32((uint32_t)(the->peakChunksSize - ballastBytes));
	putU32((uint32_t)the->garbageCollectionCount);
	putU32((uint32_t)(the->stackTop - the->stackPeak));
	putU32((uint32_t)the->meterIndex);
	putU32((uint32_t)sizeof(txSlot));
	putU32((uint32_t)(the->stackTop - the->stack));
	putU32((uint32_t)(livePeak.slots - ballastSlots));
	putU32((uint32_t)(livePeak.chunks - ballastBytes));
	putU32((uint32_t)(livePeak.bytes - ballastSlots * (txSize)sizeof(txSlot) - ballastBytes));
	endFrame();
}

/* ---- what JavaScript calls */

static int isHostBuffer(txSlot* slot)
{
	txSlot* host = slot->value.reference->next;
	return host && host->kind == XS_HOST_KIND && !(host->flag & XS_HOST_CHUNK_FLAG);
}

static void* bytesOf(txMachine* the, txSlot* slot, txInteger* length)
{
	if (isHostBuffer(slot)) {
		*length = fxGetHostBufferLength(the, slot);
		return fxGetHostData(the, slot);
	}
	*length = fxGetArrayBufferLength(the, slot);
	return fxToArrayBuffer(the, slot);
}

/* What lies in flash, each once: it stays as long as the machine. */
static void* inFlash(const void* data, size_t size)
{
	static struct { void* data; size_t size; } kept[16];
	int i = 0;
	for (; i < 15 && kept[i].data; i++)
		if (kept[i].size == size && !memcmp(kept[i].data, data, size)) return kept[i].data;
	kept[i].data = memcpy(malloc(size ? size : 1), data, size);
	kept[i].size = size;
	return kept[i].data;
}

/* hostCall(operation, target, number, text, buffer, byteOffset, byteLength) */
static void hostCall(txMachine* the)
{
	txU1 operation = (txU1)fxToInteger(the, mxArgv(0));
	txS4 target = fxToInteger(the, mxArgv(1));
	txNumber number = fxToNumber(the, mxArgv(2));
	txString text = fxToString(the, mxArgv(3));
	beginFrame('C');
	putData(&operation, 1);
	putData(&target, 4);
	putData(&number, 8);
	putBytes(text, strlen(text));
	if (mxArgc > 4 && mxArgv(4)->kind == XS_REFERENCE_KIND) {
		txInteger length;
		char* data = bytesOf(the, mxArgv(4), &length);
		txInteger offset = fxToInteger(the, mxArgv(5));
		txInteger count = fxToInteger(the, mxArgv(6));
		if (offset < 0 || count < 0 || offset > length || count > length - offset) mxRangeError("invalid range");
		putBytes(data + offset, (size_t)count);
	}
	else
		putU32(NONE);
	endFrame();
	receiveFrame();
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
	case 5: /* into the caller's buffer, as the SDK's classes read */
		if (mxArgc > 4 && mxArgv(4)->kind == XS_REFERENCE_KIND) {
			if (isHostBuffer(mxArgv(4))) mxTypeError("read-only buffer");
			txInteger length;
			char* data = bytesOf(the, mxArgv(4), &length);
			txInteger offset = fxToInteger(the, mxArgv(5));
			if (offset < 0 || size > length - offset) mxRangeError("invalid range");
			memcpy(data + offset, value, (size_t)size);
			fxInteger(the, mxResult, size);
		}
		break;
	case 6:
		fxNewHostObject(the, NULL);
		mxPullSlot(mxResult);
		fxSetHostBuffer(the, mxResult, inFlash(value, (size_t)size), size);
		fxPetrifyHostBuffer(the, mxResult);
		break;
	case 4:
		mxUnknownError("%s", value);
		break;
	}
}

static void hostTrace(txMachine* the)
{
	txString text = fxToString(the, mxArgv(0));
	beginFrame('T');
	putData(text, strlen(text));
	endFrame();
}

/* hostHeap(0 slots, 1 chunk bytes, 2 collections, 3 meter): what `idle` reports, for scripts that measure themselves */
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

/* ---- running */

static void unhandled(txMachine* the)
{
	txSlot* exception;
	mxPush(mxException);
	exception = the->stack;
	abortHook(the, "unhandled exception", exception);
	fprintf(stderr, "unhandled exception: %s\n", fxToString(the, exception));
	_exit(EXIT_EXCEPTION);
}

static void fulfilled(txMachine* the) { (void)the; }

static void rejected(txMachine* the)
{
	abortHook(the, "unhandled exception", mxArgv(0));
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
	snprintf(path, sizeof(path), "%s/boot.js", moduleRoot);
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
	txSlot* last = the->stack->value.reference;
	mxPush(mxGlobal);
	fxSetID(the, name);
	mxPop();
	while (last->next) last = last->next;
	while ((txSize)the->currentHeapCount - slots < LOADING_SLOTS) {
		last = last->next = fxNewSlot(the);
		last->flag = XS_INTERNAL_FLAG;
		last->kind = XS_INTEGER_KIND;
	}
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
	snprintf(moduleRoot, sizeof(moduleRoot), "%s", argv[1]);
	int grow = argc > 5; /* to measure what the built-ins and the modules need */
	txCreation creation = {
		.initialChunkSize = atoi(argv[2]) + (grow ? 0 : LOADING_BYTES),
		.incrementalChunkSize = grow ? 64 * 1024 : 0,
		.initialHeapCount = atoi(argv[3]) + (grow ? 0 : LOADING_SLOTS),
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
	if (!grow) {
		putBallast(the);
		beginCensus(the);
	}
	for (;;) {
		idle(the);
		receiveFrame();
		switch (incoming.data[0]) {
		case 'E':
			event(the, onEvent);
			break;
		case 'G':
			fxCollectGarbage(the);
			break;
		case 'H':
			census(the);
			break;
		case 'L':
			watchLive(the, incoming.data[1]);
			break;
		case 'P':
			the->peakHeapCount = the->currentHeapCount;
			the->peakChunksSize = the->currentChunksSize;
			the->stackPeak = the->stack;
			break;
		}
	}
}
