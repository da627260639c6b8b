/* What the machine's memory is: as the chip has it (archive.c), and measured (census.c, peak.c). */
#ifndef __IOT_JOBS_XS_MEMORY__
#define __IOT_JOBS_XS_MEMORY__

#include "xsAll.h"
#include "xsScript.h"

/* Makes the code of a module what xsl makes of it. */
void archive(txScript* script);

/* From here on all that lives belongs to the program. */
void beginCensus(txMachine* the);
/* After a collection: what is free is no longer what lived before the program. */
void noteFree(txMachine* the);
/* Collects garbage, and sends what the program holds as a frame 'H': see frames.h. */
void census(txMachine* the);

/* The largest live memory, garbage not counted. */
typedef struct {
	txSize slots;
	txSize chunks;
	/* Of both together at one moment, in bytes. */
	txSize bytes;
} Live;
extern Live livePeak;

/* Collects garbage at every n-th allocation, to see what lives then; 0: no more. It forgets the peak before. */
void watchLive(txMachine* the, int everyNth);

#endif
