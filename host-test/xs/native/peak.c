/* The live peak. XS's own stress test (mxStress, xsMemory.c) collects garbage before an allocation; what is left then lives. */
#include "memory.h"

extern int gxStress;

Live livePeak;
static int every;
static txU4 collections;

void watchLive(txMachine* the, int everyNth)
{
	livePeak = (Live){ 0 };
	collections = the->garbageCollectionCount;
	every = everyNth;
	gxStress = -every;
}

/* In place of XS's own, by the linker's --wrap. XS calls it at the end of each collection, and elsewhere. */
void __wrap_fxCheckProfiler(txMachine* the, txSlot* frame)
{
	(void)frame;
	if (the->garbageCollectionCount == collections) return;
	collections = the->garbageCollectionCount;
	noteFree(the);
	if (!every) return;
	gxStress = -every;
	txSize slots = (txSize)the->currentHeapCount, chunks = (txSize)the->currentChunksSize;
	txSize bytes = slots * (txSize)sizeof(txSlot) + chunks;
	if (livePeak.slots < slots) livePeak.slots = slots;
	if (livePeak.chunks < chunks) livePeak.chunks = chunks;
	if (livePeak.bytes < bytes) livePeak.bytes = bytes;
}
