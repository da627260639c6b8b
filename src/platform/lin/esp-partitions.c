/*
 * ESP-IDF's partitions over files, LABEL.bin in the flash folder: NOR flash, whose bits a write can clear and only an erase sets. What
 * was never written reads as erased.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp-idf.h"

#define SECTOR 4096
#define PATH_BYTES 1024

/* The two OTA slots are as long as those of src/platform/sdkconfig/partitions.csv. */
static const esp_partition_t partitions[] = {
	{ ESP_PARTITION_TYPE_DATA, 2 * SECTOR, SECTOR, "otadata" },
	{ ESP_PARTITION_TYPE_APP, 0x1e0000, SECTOR, "ota_0" },
	{ ESP_PARTITION_TYPE_APP, 0x1e0000, SECTOR, "ota_1" },
};
#define COUNT (sizeof(partitions) / sizeof(partitions[0]))

/* An iterator is the partition that it is at. */
esp_partition_iterator_t esp_partition_find(int type, int subtype, const char *label)
{
	return (esp_partition_iterator_t)esp_partition_find_first(type, subtype, label);
}

const esp_partition_t *esp_partition_get(esp_partition_iterator_t iterator)
{
	return (const esp_partition_t *)iterator;
}

esp_partition_iterator_t esp_partition_next(esp_partition_iterator_t iterator)
{
	const esp_partition_t *next = (const esp_partition_t *)iterator + 1;
	return next == partitions + COUNT ? NULL : (esp_partition_iterator_t)next;
}

void esp_partition_iterator_release(esp_partition_iterator_t iterator)
{
	(void)iterator;
}

const esp_partition_t *esp_partition_find_first(int type, int subtype, const char *label)
{
	size_t i;
	(void)subtype;
	for (i = 0; i < COUNT; i++) {
		if (type != ESP_PARTITION_TYPE_ANY && type != (int)partitions[i].type)
			continue;
		if (!label || !strcmp(label, partitions[i].label))
			return &partitions[i];
	}
	return NULL;
}

static int open_file(const esp_partition_t *partition)
{
	char path[PATH_BYTES], name[32];
	snprintf(name, sizeof(name), "%s.bin", partition->label);
	flash_path(path, sizeof(path), "", name);
	return open(path, O_RDWR | O_CREAT, 0600);
}

static bool inside(const esp_partition_t *partition, size_t offset, size_t size)
{
	return offset <= partition->size && size <= partition->size - offset;
}

esp_err_t esp_partition_read(const esp_partition_t *partition, size_t offset, void *bytes, size_t size)
{
	int file;
	ssize_t got;
	if (!inside(partition, offset, size))
		return ESP_ERR_INVALID_SIZE;
	file = open_file(partition);
	if (file < 0)
		return ESP_FAIL;
	memset(bytes, 0xff, size);
	got = pread(file, bytes, size, (off_t)offset);
	close(file);
	return got < 0 ? ESP_FAIL : ESP_OK;
}

/* The file is as long as what was written to it, without a hole: a hole would read as zeros. */
static bool put(int file, size_t offset, const void *bytes, size_t size)
{
	static const uint8_t erased[SECTOR] = { [0 ... SECTOR - 1] = 0xff };
	off_t end = lseek(file, 0, SEEK_END);
	while (end < (off_t)offset) {
		size_t gap = offset - (size_t)end;
		ssize_t filled = pwrite(file, erased, gap < SECTOR ? gap : SECTOR, end);
		if (filled <= 0)
			return false;
		end += filled;
	}
	return pwrite(file, bytes, size, (off_t)offset) == (ssize_t)size;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t offset, const void *bytes, size_t size)
{
	int file;
	size_t i;
	bool good;
	uint8_t *cells;
	if (!inside(partition, offset, size))
		return ESP_ERR_INVALID_SIZE;
	cells = malloc(size + 1);
	if (!cells || esp_partition_read(partition, offset, cells, size)) {
		free(cells);
		return ESP_FAIL;
	}
	for (i = 0; i < size; i++)
		cells[i] &= ((const uint8_t *)bytes)[i];
	file = open_file(partition);
	good = file >= 0 && put(file, offset, cells, size);
	if (file >= 0)
		close(file);
	free(cells);
	return good ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size)
{
	int file;
	bool good = true;
	uint8_t erased[SECTOR];
	if (offset % SECTOR)
		return ESP_ERR_INVALID_ARG;
	if (size % SECTOR || !inside(partition, offset, size))
		return ESP_ERR_INVALID_SIZE;
	file = open_file(partition);
	if (file < 0)
		return ESP_FAIL;
	memset(erased, 0xff, sizeof(erased));
	for (; good && size; size -= SECTOR, offset += SECTOR)
		good = put(file, offset, erased, SECTOR);
	close(file);
	return good ? ESP_OK : ESP_FAIL;
}
