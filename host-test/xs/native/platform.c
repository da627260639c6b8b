/* The functions that XS asks of its platform: how it ends, and how modules are found and loaded. */
#include "xsAll.h"
#include "xsScript.h"

#include "frames.h"
#include "memory.h"

/* The folder with the modules; main sets it. */
char moduleRoot[1024];

/* As fxAbort of xs/platforms/esp/xsPlatform.c: what the hook answers is left aside, since ours ends the machine. */
void abortHook(txMachine* the, txString message, txSlot* exception)
{
	fxBeginHost(the);
	mxPushSlot(exception);
	txSlot* pushed = the->stack;
	mxException = mxUndefined;
	mxTry(the) {
		txID id = fxFindName(the, "abort");
		mxOverflow(-8);
		mxPush(mxGlobal);
		if (fxHasID(the, id)) {
			mxPush(mxGlobal);
			fxCallID(the, id);
			mxPushStringC(message);
			mxPushSlot(pushed);
			fxRunCount(the, 2);
			mxPop();
		}
	}
	mxCatch(the) {
	}
	fxEndHost(the);
}

void fxAbort(txMachine* the, int status)
{
	switch (status) {
	case XS_NOT_ENOUGH_MEMORY_EXIT:
		fprintf(stderr, "memory full: %d slots, %d chunk bytes in use\n", (int)the->currentHeapCount, (int)the->currentChunksSize);
		/* A hook that takes memory comes here again, until the stack is full as well. */
		abortHook(the, "memory full", &mxException);
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

/* "./x.js" and "../y/x.js" are relative to the importing module, "iot-jobs/x" is a module of the agent, and any other name is
 * a module of the platform. */
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
	else if (!strncmp(name, "iot-jobs/", 9)) snprintf(path, sizeof(path), "%s/src/%s.js", moduleRoot, name + 9);
	else {
		for (char* p = name; *p; p++)
			if (*p == ':' || *p == '/') *p = '_';
		snprintf(path, sizeof(path), "%s/platform/%s.js", moduleRoot, name);
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
	beginFrame('M');
	putU32((uint32_t)script->codeSize);
	putU32((uint32_t)script->symbolsSize);
	path = fxGetKeyName(the, moduleID) + strlen(moduleRoot) + 1;
	putData(path, strlen(path));
	endFrame();
	archive(script);
	fxResolveModule(the, module, moduleID, script, C_NULL, C_NULL);
}
