/* See frames.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

Buffer outgoing, incoming;

static void reserve(Buffer* buffer, size_t capacity)
{
	if (buffer->capacity >= capacity) return;
	buffer->capacity = capacity;
	buffer->data = realloc(buffer->data, capacity);
	if (!buffer->data) exit(EXIT_MEMORY);
}

void putData(const void* data, size_t size)
{
	size_t needed = outgoing.size + size;
	if (needed > outgoing.capacity) reserve(&outgoing, needed * 2);
	memcpy(outgoing.data + outgoing.size, data, size);
	outgoing.size = needed;
}

void putU32(uint32_t value) { putData(&value, 4); }

void putBytes(const void* data, size_t size)
{
	putU32((uint32_t)size);
	putData(data, size);
}

void beginFrame(char kind)
{
	outgoing.size = 0;
	putU32(0); /* the length, set by `endFrame` */
	putData(&kind, 1);
}

void endFrame(void)
{
	uint32_t length = (uint32_t)(outgoing.size - 4);
	memcpy(outgoing.data, &length, 4);
	const unsigned char* p = outgoing.data;
	for (size_t left = outgoing.size; left > 0;) {
		ssize_t count = write(1, p, left);
		if (count < 0) {
			if (errno == EINTR) continue;
			exit(0); /* the host has gone */
		}
		p += count;
		left -= (size_t)count;
	}
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

void receiveFrame(void)
{
	uint32_t length;
	readAll(&length, 4);
	reserve(&incoming, (size_t)length + 1);
	readAll(incoming.data, length);
	incoming.data[length] = 0;
	incoming.size = length;
}
