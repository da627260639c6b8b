/*
 * What the SDK's ESP32 modules for key-value storage, flash and update need of ESP-IDF, and what src/ calls by ffi: the names,
 * types and results of ESP-IDF v6.0, over files. So the Linux simulator runs the SDK's own modules for the chip.
 * The SDK's C files include this under three names: nvs_flash.h, esp_partition.h and esp_ota_ops.h.
 */
#ifndef ESP_IDF_H
#define ESP_IDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t esp_err_t;

/* esp_err.h */
#define ESP_OK 0
#define ESP_FAIL (-1)
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_INVALID_SIZE 0x104
#define ESP_ERR_NOT_FOUND 0x105
const char *esp_err_to_name_r(esp_err_t error, char *text, size_t length);

/* nvs.h */
#define ESP_ERR_NVS_NOT_FOUND 0x1102
#define ESP_ERR_NVS_TYPE_MISMATCH 0x1103
#define ESP_ERR_NVS_NOT_ENOUGH_SPACE 0x1105
#define ESP_ERR_NVS_INVALID_NAME 0x1106
#define ESP_ERR_NVS_INVALID_HANDLE 0x1107
#define ESP_ERR_NVS_KEY_TOO_LONG 0x1109
#define ESP_ERR_NVS_INVALID_LENGTH 0x110c
#define NVS_KEY_NAME_MAX_SIZE 16

typedef enum {
	NVS_TYPE_U8 = 0x01,
	NVS_TYPE_I8 = 0x11,
	NVS_TYPE_U16 = 0x02,
	NVS_TYPE_I16 = 0x12,
	NVS_TYPE_U32 = 0x04,
	NVS_TYPE_I32 = 0x14,
	NVS_TYPE_U64 = 0x08,
	NVS_TYPE_I64 = 0x18,
	NVS_TYPE_STR = 0x21,
	NVS_TYPE_BLOB = 0x42,
	NVS_TYPE_ANY = 0xff,
} nvs_type_t;
typedef enum { NVS_READONLY, NVS_READWRITE } nvs_open_mode_t;
typedef uint32_t nvs_handle;
typedef struct nvs_iterator *nvs_iterator_t;
typedef struct {
	char namespace_name[NVS_KEY_NAME_MAX_SIZE];
	char key[NVS_KEY_NAME_MAX_SIZE];
	nvs_type_t type;
} nvs_entry_info_t;

esp_err_t nvs_open(const char *name, nvs_open_mode_t mode, nvs_handle *handle);
void nvs_close(nvs_handle handle);
esp_err_t nvs_commit(nvs_handle handle);
esp_err_t nvs_find_key(nvs_handle handle, const char *key, nvs_type_t *type);
esp_err_t nvs_erase_key(nvs_handle handle, const char *key);
esp_err_t nvs_get_blob(nvs_handle handle, const char *key, void *value, size_t *length);
esp_err_t nvs_set_blob(nvs_handle handle, const char *key, const void *value, size_t length);
esp_err_t nvs_get_str(nvs_handle handle, const char *key, char *value, size_t *length);
esp_err_t nvs_set_str(nvs_handle handle, const char *key, const char *value);
esp_err_t nvs_get_u8(nvs_handle handle, const char *key, uint8_t *value);
esp_err_t nvs_get_i8(nvs_handle handle, const char *key, int8_t *value);
esp_err_t nvs_get_u16(nvs_handle handle, const char *key, uint16_t *value);
esp_err_t nvs_get_i16(nvs_handle handle, const char *key, int16_t *value);
esp_err_t nvs_get_u32(nvs_handle handle, const char *key, uint32_t *value);
esp_err_t nvs_get_i32(nvs_handle handle, const char *key, int32_t *value);
esp_err_t nvs_get_u64(nvs_handle handle, const char *key, uint64_t *value);
esp_err_t nvs_get_i64(nvs_handle handle, const char *key, int64_t *value);
esp_err_t nvs_set_u8(nvs_handle handle, const char *key, uint8_t value);
esp_err_t nvs_set_i8(nvs_handle handle, const char *key, int8_t value);
esp_err_t nvs_set_u16(nvs_handle handle, const char *key, uint16_t value);
esp_err_t nvs_set_i16(nvs_handle handle, const char *key, int16_t value);
esp_err_t nvs_set_u32(nvs_handle handle, const char *key, uint32_t value);
esp_err_t nvs_set_i32(nvs_handle handle, const char *key, int32_t value);
esp_err_t nvs_set_u64(nvs_handle handle, const char *key, uint64_t value);
esp_err_t nvs_set_i64(nvs_handle handle, const char *key, int64_t value);
esp_err_t nvs_entry_find_in_handle(nvs_handle handle, nvs_type_t type, nvs_iterator_t *found);
esp_err_t nvs_entry_next(nvs_iterator_t *iterator);
esp_err_t nvs_entry_info(nvs_iterator_t iterator, nvs_entry_info_t *info);
void nvs_release_iterator(nvs_iterator_t iterator);

/* esp_partition.h */
typedef enum { ESP_PARTITION_TYPE_APP = 0, ESP_PARTITION_TYPE_DATA = 1, ESP_PARTITION_TYPE_ANY = 0xff } esp_partition_type_t;
#define ESP_PARTITION_SUBTYPE_ANY 0xff
typedef struct {
	esp_partition_type_t type;
	uint32_t size;
	uint32_t erase_size;
	char label[17];
} esp_partition_t;
typedef struct esp_partition_iterator *esp_partition_iterator_t;

esp_partition_iterator_t esp_partition_find(int type, int subtype, const char *label);
const esp_partition_t *esp_partition_get(esp_partition_iterator_t iterator);
esp_partition_iterator_t esp_partition_next(esp_partition_iterator_t iterator);
void esp_partition_iterator_release(esp_partition_iterator_t iterator);
const esp_partition_t *esp_partition_find_first(int type, int subtype, const char *label);
esp_err_t esp_partition_read(const esp_partition_t *partition, size_t offset, void *bytes, size_t size);
esp_err_t esp_partition_write(const esp_partition_t *partition, size_t offset, const void *bytes, size_t size);
esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size);

/* esp_ota_ops.h */
#define OTA_WITH_SEQUENTIAL_WRITES 0xfffffffe
#define ESP_ERR_OTA_PARTITION_CONFLICT 0x1501
#define ESP_ERR_OTA_VALIDATE_FAILED 0x1503
#define ESP_ERR_OTA_ROLLBACK_FAILED 0x1505
#define ESP_ERR_OTA_ROLLBACK_INVALID_STATE 0x1506
typedef uint32_t esp_ota_handle_t;

const esp_partition_t *esp_ota_get_running_partition(void);
const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from);
esp_err_t esp_ota_begin(const esp_partition_t *partition, size_t image_size, esp_ota_handle_t *handle);
esp_err_t esp_ota_abort(esp_ota_handle_t handle);
esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition);
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void);

/* esp_system.h, esp_log.h */
void esp_restart(void);
int32_t esp_reset_reason(void);
uint32_t esp_get_free_heap_size(void);
uint32_t esp_get_minimum_free_heap_size(void);
int64_t esp_timer_get_time(void);

/* The simulator's own: the path of a file in the flash folder. The folders on the way are made. */
void flash_path(char *path, size_t length, const char *folder, const char *name);

#endif
