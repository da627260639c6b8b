/*
 * The frames over standard input and output between the machine and its host, `xs-process.ts`: each a length (u32, little
 * endian) and that many bytes, the first of which says what it is.
 *
 * In:  'E' event: target i32, event u8, number f64, text (u32 and bytes), bytes (u32 and bytes; 0xffffffff: none)
 *      'G' collect all garbage, 'P' forget the peaks, 'H' take a census, 'L' watch the live peak: collect at every n-th
 *      allocation (n u8, 0 no more). The machine answers each of these with 'I'.
 *      'R' the answer to a call: kind u8 (0 undefined, 1 number f64, 2 text, 3 bytes, 4 an error to throw, 5 bytes
 *          that go into the buffer that came with the call, 6 bytes that lie in flash: a host buffer)
 * Out: 'C' call: operation u8, target i32, number f64, text, bytes; the machine waits for 'R'
 *      'T' text for the console
 *      'M' a module was loaded: byte code u32, symbols u32, name
 *      'H' a census: lines of text, see `saySlot` in census.c
 *      'I' idle: twelve u32, see `idle` in machine.c
 */
#ifndef __IOT_JOBS_XS_FRAMES__
#define __IOT_JOBS_XS_FRAMES__

#include <stddef.h>
#include <stdint.h>

/* How the process ends, with a line on standard error: an exception that nobody caught, full memory, an overflow of the stack. */
enum { EXIT_EXCEPTION = 3, EXIT_MEMORY = 4, EXIT_STACK = 5 };

/* The length of bytes where there are none. */
#define NONE 0xffffffffu

typedef struct {
	unsigned char* data;
	size_t size;
	size_t capacity;
} Buffer;

/* The frame that is being made. */
extern Buffer outgoing;
/* The frame that came last; it stays until the next `receiveFrame`. */
extern Buffer incoming;

void beginFrame(char kind);
void putData(const void* data, size_t size);
void putU32(uint32_t value);
/* A length, and the bytes. */
void putBytes(const void* data, size_t size);
/* Sends the frame. */
void endFrame(void);

/* Waits for a frame. Behind its last byte is a 0. The process exits when the host has gone. */
void receiveFrame(void);

#endif
