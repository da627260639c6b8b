/*
 * ESP-IDF's updates (components/app_update/esp_ota_ops.c) with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, for two OTA slots and no factory
 * image. What the boot loader does with the entries is in host-test/simulator/boot.ts.
 */
#include <stdlib.h>
#include <string.h>

#include "esp-idf.h"
#include "fips180.h"

#define SECTOR 4096
#define ERASED 0xffffffffu
#define IMAGE_MAGIC 0xe9
#define IMAGE_HEADER_BYTES 24
#define SEGMENT_HEADER_BYTES 8
#define CHECKSUM_SEED 0xef
#define MAX_SEGMENTS 16

/* esp_flash_partitions.h */
enum { IMG_NEW = 0, IMG_PENDING_VERIFY = 1, IMG_VALID = 2, IMG_INVALID = 3, IMG_ABORTED = 4 };
typedef struct {
	uint32_t sequence;
	uint8_t label[20];
	uint32_t state;
	uint32_t crc;
} entry_t;

static const esp_partition_t *slot(int number)
{
	return esp_partition_find_first(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_ANY, number ? "ota_1" : "ota_0");
}

static int running(void)
{
	const char *booted = getenv("IOT_JOBS_SLOT");
	return booted && *booted == '1';
}

const esp_partition_t *esp_ota_get_running_partition(void)
{
	return slot(running());
}

const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from)
{
	(void)start_from;
	return slot(!running());
}

/* crc32_le(UINT32_MAX, ...) of the chip's ROM, over the sequence. */
static uint32_t crc_of(const entry_t *entry)
{
	const uint8_t *bytes = (const uint8_t *)&entry->sequence;
	uint32_t crc = 0;
	int i, bit;
	for (i = 0; i < 4; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static const esp_partition_t *otadata(void)
{
	return esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, "otadata");
}

static bool whole(const entry_t *entry)
{
	return entry->sequence != ERASED && entry->crc == crc_of(entry);
}

static bool valid(const entry_t *entry)
{
	return whole(entry) && entry->state != IMG_INVALID && entry->state != IMG_ABORTED;
}

/* Reads both entries. The result is the one that counts, or -1. */
static int read_entries(entry_t entries[2])
{
	int i;
	for (i = 0; i < 2; i++) {
		if (esp_partition_read(otadata(), (size_t)i * SECTOR, &entries[i], sizeof(entry_t)))
			return -1;
	}
	if (valid(&entries[0]) && valid(&entries[1]))
		return entries[1].sequence > entries[0].sequence;
	return valid(&entries[0]) ? 0 : valid(&entries[1]) ? 1 : -1;
}

static esp_err_t write_entry(int number, uint32_t sequence, uint32_t state)
{
	entry_t entry;
	esp_err_t error;
	memset(&entry, 0xff, sizeof(entry));
	entry.sequence = sequence;
	entry.state = state;
	entry.crc = crc_of(&entry);
	error = esp_partition_erase_range(otadata(), (size_t)number * SECTOR, SECTOR);
	return error ? error : esp_partition_write(otadata(), (size_t)number * SECTOR, &entry, sizeof(entry));
}

/* esp_image_format.h: header, segments, checksum at the end of a block of 16 bytes, and SHA-256 where byte 23 says so. */
static bool image_good(const esp_partition_t *partition)
{
	uint8_t bytes[SECTOR], digest[SHA256_DGSTSIZE], sum = CHECKSUM_SEED;
	size_t at = IMAGE_HEADER_BYTES, end, i;
	bool hashed;
	int segments;
	struct sha256 sha;
	if (esp_partition_read(partition, 0, bytes, IMAGE_HEADER_BYTES) || bytes[0] != IMAGE_MAGIC)
		return false;
	segments = bytes[1];
	hashed = bytes[23] == 1;
	if (segments < 1 || segments > MAX_SEGMENTS)
		return false;
	for (; segments; segments--) {
		uint32_t left;
		if (esp_partition_read(partition, at, bytes, SEGMENT_HEADER_BYTES))
			return false;
		memcpy(&left, bytes + 4, sizeof(left));
		at += SEGMENT_HEADER_BYTES;
		while (left) {
			size_t piece = left < SECTOR ? left : SECTOR;
			if (esp_partition_read(partition, at, bytes, piece))
				return false;
			for (i = 0; i < piece; i++)
				sum ^= bytes[i];
			at += piece;
			left -= (uint32_t)piece;
		}
	}
	end = at + 16 - at % 16;
	if (esp_partition_read(partition, end - 1, bytes, 1) || bytes[0] != sum)
		return false;
	if (!hashed)
		return true;
	sha256_create(&sha);
	for (at = 0; at < end;) {
		size_t piece = end - at < SECTOR ? end - at : SECTOR;
		if (esp_partition_read(partition, at, bytes, piece))
			return false;
		sha256_update(&sha, bytes, (uint32_t)piece);
		at += piece;
	}
	sha256_fin(&sha, digest);
	return !esp_partition_read(partition, end, bytes, sizeof(digest)) && !memcmp(bytes, digest, sizeof(digest));
}

esp_err_t esp_ota_begin(const esp_partition_t *partition, size_t image_size, esp_ota_handle_t *handle)
{
	entry_t entries[2];
	int active = read_entries(entries);
	if (partition->type != ESP_PARTITION_TYPE_APP)
		return ESP_ERR_INVALID_ARG;
	if (partition == esp_ota_get_running_partition())
		return ESP_ERR_OTA_PARTITION_CONFLICT;
	if (active >= 0 && entries[active].state == IMG_PENDING_VERIFY)
		return ESP_ERR_OTA_ROLLBACK_INVALID_STATE;
	if (image_size != OTA_WITH_SEQUENTIAL_WRITES)
		return ESP_ERR_INVALID_ARG; /* nobody asks for the slot to be erased at once */
	/* What is about to be overwritten must not boot any more. */
	if (active >= 0 && whole(&entries[!active]) && slot((int)(entries[!active].sequence - 1) % 2) == partition)
		esp_partition_erase_range(otadata(), (size_t)!active * SECTOR, SECTOR);
	*handle = 1;
	return ESP_OK;
}

esp_err_t esp_ota_abort(esp_ota_handle_t handle)
{
	(void)handle; /* what is written does not go by it */
	return ESP_OK;
}

/* The sequence says which slot boots, modulo their number: 1 and all odd ones are ota_0. */
esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition)
{
	entry_t entries[2];
	int active = read_entries(entries), number = partition == slot(1);
	uint32_t sequence;
	if (!image_good(partition))
		return ESP_ERR_OTA_VALIDATE_FAILED;
	if (active < 0)
		return write_entry(0, (uint32_t)number + 1, IMG_NEW);
	for (sequence = (uint32_t)(number + 1) % 2; sequence < entries[active].sequence; sequence += 2)
		;
	return write_entry(!active, sequence, IMG_NEW);
}

esp_err_t esp_ota_mark_app_valid_cancel_rollback(void)
{
	entry_t entries[2];
	int active = read_entries(entries);
	if (active < 0)
		return ESP_FAIL;
	return entries[active].state == IMG_VALID ? ESP_OK : write_entry(active, entries[active].sequence, IMG_VALID);
}

esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void)
{
	entry_t entries[2];
	int active = read_entries(entries);
	esp_err_t error;
	if (active < 0)
		return ESP_FAIL;
	if (!valid(&entries[!active]) || !image_good(slot((entries[!active].sequence - 1) % 2)))
		return ESP_ERR_OTA_ROLLBACK_FAILED;
	error = write_entry(active, entries[active].sequence, IMG_INVALID);
	if (error)
		return error;
	esp_restart();
	return ESP_OK;
}
