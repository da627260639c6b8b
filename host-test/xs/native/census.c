/*
 * What the program holds: each slot that it has made and that lives, what that refers to, and its chunk.
 *
 * A slot's value is read without regard to its kind: a word that is the address of a slot, or of a chunk, is taken for a reference.
 */
#include "memory.h"

#include "frames.h"

/* By the slot's place in the heap: whether it lived before the program started. */
static unsigned char* before;

static txSlot* heapStart(txMachine* the) { return the->firstHeap + 1; }
static txSlot* heapEnd(txMachine* the) { return the->firstHeap->value.reference; }
static size_t heapSize(txMachine* the) { return (size_t)(heapEnd(the) - heapStart(the)); }

/* A slot that was freed belongs to whoever takes it next. */
void noteFree(txMachine* the)
{
	if (!before) return;
	for (txSlot* slot = the->freeHeap; slot; slot = slot->next)
		if (slot >= heapStart(the) && slot < heapEnd(the)) before[slot - heapStart(the)] = 0;
}

void beginCensus(txMachine* the)
{
	before = malloc(heapSize(the));
	memset(before, 1, heapSize(the));
	noteFree(the);
}

static void say(const char* text) { putData(text, strlen(text)); }

static void sayAddress(const char* label, const void* address)
{
	char text[40];
	snprintf(text, sizeof(text), "%s%lx", label, (unsigned long)address);
	say(text);
}

static int isSlot(txMachine* the, void* word)
{
	txByte* start = (txByte*)heapStart(the);
	return (txByte*)word >= start && (txByte*)word < (txByte*)heapEnd(the) && ((txByte*)word - start) % sizeof(txSlot) == 0;
}

/* A number may happen to lie among the chunks: what counts is where one begins. They lie side by side after a collection. */
static int isChunk(txMachine* the, void* word)
{
	for (txBlock* block = the->firstBlock; block; block = block->nextBlock) {
		if ((txByte*)word <= (txByte*)(block + 1) || (txByte*)word >= block->current) continue;
		txByte* chunk = (txByte*)(block + 1);
		while (chunk + sizeof(txChunk) < (txByte*)word) chunk += ((txChunk*)chunk)->size;
		return chunk + sizeof(txChunk) == (txByte*)word;
	}
	return 0;
}

static void sayWords(txMachine* the, void* from, size_t size, int deep)
{
	void** words = from;
	for (size_t i = 0; i < size / sizeof(void*); i++) {
		if (isSlot(the, words[i])) sayAddress(" r", words[i]);
		else if (deep && isChunk(the, words[i])) {
			txChunk* chunk = (txChunk*)((txByte*)words[i] - sizeof(txChunk));
			sayAddress(" c", words[i]);
			sayAddress(":", (void*)(size_t)chunk->size);
		}
	}
}

/* Of a function, the name that it has in the source, or else its module's. */
static const char* functionName(txMachine* the, txSlot* function)
{
	txID id = mxFunctionInstanceCode(function)->ID;
	if (id != XS_NO_ID) return fxGetKeyName(the, id);
	txSlot* module = mxFunctionInstanceHome(function)->value.home.module;
	if (!module || !module->next || module->next->kind != XS_MODULE_KIND) return "?";
	return fxGetKeyName(the, module->next->value.module.id) + strlen(moduleRoot) + 1;
}

/* ` f` a function, ` i` an instance of a class, ` p` one of a class of XS's own, ` e` the environment of a closure; and a name */
static void sayInstance(txMachine* the, txSlot* slot)
{
	if (mxIsFunction(slot)) {
		say(" f");
		say(functionName(the, slot));
		return;
	}
	txSlot* prototype = slot->value.instance.prototype;
	if (!prototype) {
		say(" e");
		return;
	}
	for (txSlot* property = prototype->next; property; property = property->next) {
		if (property->ID != mxID(_constructor) || property->kind != XS_REFERENCE_KIND) continue;
		txSlot* constructor = property->value.reference;
		int own = constructor->next->kind == XS_CODE_KIND || constructor->next->kind == XS_CODE_X_KIND;
		say(own ? " i" : " p");
		say(functionName(the, constructor));
		return;
	}
	say(" p?");
}

static int holdsSlots(txSlot* slot)
{
	return slot->kind == XS_ARRAY_KIND || slot->kind == XS_MAP_KIND || slot->kind == XS_SET_KIND;
}

static int isValue(txSlot* slot)
{
	return slot->kind == XS_INTEGER_KIND || slot->kind == XS_NUMBER_KIND || slot->kind == XS_BOOLEAN_KIND;
}

/* A line: `s` a slot of the program's or `b` another, its address, ` n` the next, ` r` what it refers to, ` c` its chunk:size */
static void saySlot(txMachine* the, txSlot* slot, int own)
{
	sayAddress(own ? "s" : "b", slot);
	if (own && slot->next) sayAddress(" n", slot->next);
	if (own && slot->kind == XS_INSTANCE_KIND) sayInstance(the, slot);
	if (!isValue(slot)) sayWords(the, &slot->value, sizeof(slot->value), 1);
	if (holdsSlots(slot) && isChunk(the, slot->value.array.address)) {
		txByte* data = (txByte*)slot->value.array.address;
		sayWords(the, data, (size_t)((txChunk*)(data - sizeof(txChunk)))->size - sizeof(txChunk), slot->kind == XS_ARRAY_KIND);
	}
	say("\n");
}

void census(txMachine* the)
{
	fxCollectGarbage(the);
	size_t size = heapSize(the);
	unsigned char* lives = malloc(size);
	memset(lives, 1, size);
	for (txSlot* slot = the->freeHeap; slot; slot = slot->next) lives[slot - heapStart(the)] = 0;
	beginFrame('H');
	for (size_t i = 0; i < size; i++)
		if (lives[i]) saySlot(the, heapStart(the) + i, !before[i]);
	endFrame();
	free(lives);
}
