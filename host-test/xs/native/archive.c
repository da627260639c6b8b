/*
 * Modules as the SDK's linker, xsl, leaves them: on the chip their byte code lies in flash.
 *
 * A function of a module that was compiled here would copy its code into a chunk when it is made, and each text in the code would
 * become a chunk where it is evaluated. xsl changes both instructions (xs/tools/xslBase.c, fxMapCode), and so does this. And it
 * strips what makes `length` and `name` of a function (xslStrip.c: strip "*" of examples/manifest_base.json).
 */
#include "xsAll.h"
#include "xsScript.h"

#include "memory.h"

static txU1 archived(txU1 code)
{
	switch (code) {
	case XS_CODE_CODE_1: return XS_CODE_CODE_ARCHIVE_1;
	case XS_CODE_CODE_2: return XS_CODE_CODE_ARCHIVE_2;
	case XS_CODE_CODE_4: return XS_CODE_CODE_ARCHIVE_4;
	case XS_CODE_STRING_1: return XS_CODE_STRING_ARCHIVE_1;
	case XS_CODE_STRING_2: return XS_CODE_STRING_ARCHIVE_2;
	case XS_CODE_STRING_4: return XS_CODE_STRING_ARCHIVE_4;
	default: return code;
	}
}

void archive(txScript* script)
{
	txByte* p = script->codeBuffer;
	txByte* end = p + script->codeSize;
	while (p < end) {
		txU1 code = *(txU1*)p;
		txS1 size = (txS1)gxCodeSizes[code];
		txU2 short_;
		txU4 long_;
		*(txU1*)p = archived(code);
		if (size > 0) p += size;
		else if (size == 0) p += 1 + sizeof(txID);
		else if (size == -1) p += 2 + ((txU1*)p)[1];
		else if (size == -2) {
			memcpy(&short_, p + 1, sizeof(short_));
			p += 3 + short_;
		}
		else {
			memcpy(&long_, p + 1, sizeof(long_));
			p += 5 + long_;
		}
	}
}

/* In place of XS's own, by the linker's --wrap. The code of a module is never freed: it is flash. */
void __wrap_fxDeleteScript(txScript* script) { (void)script; }

txSlot* __wrap_fxNewFunctionLength(txMachine* the, txSlot* instance, txNumber length)
{
	(void)the, (void)length;
	return instance;
}

/* XS uses the result for nothing. */
txSlot* __wrap_fxNewFunctionName(txMachine* the, txSlot* instance, txID id, txIndex index, txID former, txString prefix)
{
	(void)the, (void)id, (void)index, (void)former, (void)prefix;
	return instance;
}
