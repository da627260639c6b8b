/*
 * ESP-IDF's non-volatile storage over files: nvs/NAMESPACE/KEY in the flash folder, the value's type in the first byte. A value is
 * written beside the old one and renamed, so that it is there whole or not at all. Its size is not limited.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esp-idf.h"

#define MAX_OPEN 16
#define PATH_BYTES 1024
/* Longer than a key may be: no key has this file. */
#define WRITTEN ".is-being-written"

struct nvs_iterator {
	DIR *folder;
	nvs_handle handle;
	nvs_entry_info_t info;
};

static char opened[MAX_OPEN][NVS_KEY_NAME_MAX_SIZE];

static bool named(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

/* Handles are 1 to MAX_OPEN: where a namespace is open already, its handle serves again. */
esp_err_t nvs_open(const char *name, nvs_open_mode_t mode, nvs_handle *handle)
{
	int i, spare = -1;
	if (!named(name) || strlen(name) >= NVS_KEY_NAME_MAX_SIZE)
		return ESP_ERR_NVS_INVALID_NAME;
	for (i = 0; i < MAX_OPEN; i++) {
		if (!strcmp(opened[i], name))
			break;
		if (!opened[i][0] && spare < 0)
			spare = i;
	}
	if (i == MAX_OPEN) {
		if (spare < 0)
			return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
		i = spare;
	}
	if (mode == NVS_READONLY) {
		char path[PATH_BYTES], folder[PATH_BYTES];
		snprintf(folder, sizeof(folder), "nvs");
		flash_path(path, sizeof(path), folder, name);
		if (access(path, F_OK))
			return ESP_ERR_NVS_NOT_FOUND;
	}
	strcpy(opened[i], name);
	*handle = (nvs_handle)i + 1;
	return ESP_OK;
}

/* The SDK's objects share handles here: what is open stays open. */
void nvs_close(nvs_handle handle)
{
	(void)handle;
}

esp_err_t nvs_commit(nvs_handle handle)
{
	(void)handle;
	return ESP_OK;
}

static esp_err_t path_of(nvs_handle handle, const char *key, char *path)
{
	char folder[PATH_BYTES];
	if (handle < 1 || handle > MAX_OPEN || !opened[handle - 1][0])
		return ESP_ERR_NVS_INVALID_HANDLE;
	if (strlen(key) >= NVS_KEY_NAME_MAX_SIZE)
		return ESP_ERR_NVS_KEY_TOO_LONG;
	if (!named(key))
		return ESP_ERR_NVS_INVALID_NAME;
	snprintf(folder, sizeof(folder), "nvs/%s", opened[handle - 1]);
	flash_path(path, PATH_BYTES, folder, key);
	return ESP_OK;
}

static esp_err_t open_key(nvs_handle handle, const char *key, FILE **file)
{
	char path[PATH_BYTES];
	esp_err_t error = path_of(handle, key, path);
	if (error)
		return error;
	*file = fopen(path, "rb");
	return *file ? ESP_OK : ESP_ERR_NVS_NOT_FOUND;
}

/* With no place to put it, tells the value's length. */
static esp_err_t get(nvs_handle handle, const char *key, nvs_type_t type, void *value, size_t *length)
{
	FILE *file;
	long size;
	esp_err_t error = open_key(handle, key, &file);
	if (error)
		return error;
	if (fgetc(file) != (int)type) {
		fclose(file);
		return ESP_ERR_NVS_NOT_FOUND;
	}
	fseek(file, 0, SEEK_END);
	size = ftell(file) - 1;
	if (value) {
		fseek(file, 1, SEEK_SET);
		if (*length < (size_t)size)
			error = ESP_ERR_NVS_INVALID_LENGTH;
		else if (fread(value, 1, (size_t)size, file) != (size_t)size)
			error = ESP_FAIL;
	}
	fclose(file);
	*length = (size_t)size;
	return error;
}

static esp_err_t set(nvs_handle handle, const char *key, nvs_type_t type, const void *value, size_t length)
{
	char path[PATH_BYTES], written[PATH_BYTES + sizeof(WRITTEN)];
	FILE *file;
	bool good;
	esp_err_t error = path_of(handle, key, path);
	if (error)
		return error;
	snprintf(written, sizeof(written), "%s" WRITTEN, path);
	file = fopen(written, "wb");
	if (!file)
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	good = fputc((int)type, file) != EOF && fwrite(value, 1, length, file) == length;
	good = !fclose(file) && good;
	return good && !rename(written, path) ? ESP_OK : ESP_ERR_NVS_NOT_ENOUGH_SPACE;
}

esp_err_t nvs_find_key(nvs_handle handle, const char *key, nvs_type_t *type)
{
	FILE *file;
	esp_err_t error = open_key(handle, key, &file);
	if (error)
		return error;
	*type = (nvs_type_t)fgetc(file);
	fclose(file);
	return ESP_OK;
}

esp_err_t nvs_erase_key(nvs_handle handle, const char *key)
{
	char path[PATH_BYTES];
	esp_err_t error = path_of(handle, key, path);
	if (error)
		return error;
	return unlink(path) ? ESP_ERR_NVS_NOT_FOUND : ESP_OK;
}

esp_err_t nvs_get_blob(nvs_handle handle, const char *key, void *value, size_t *length)
{
	return get(handle, key, NVS_TYPE_BLOB, value, length);
}

esp_err_t nvs_set_blob(nvs_handle handle, const char *key, const void *value, size_t length)
{
	return set(handle, key, NVS_TYPE_BLOB, value, length);
}

esp_err_t nvs_get_str(nvs_handle handle, const char *key, char *value, size_t *length)
{
	return get(handle, key, NVS_TYPE_STR, value, length);
}

esp_err_t nvs_set_str(nvs_handle handle, const char *key, const char *value)
{
	return set(handle, key, NVS_TYPE_STR, value, strlen(value) + 1);
}

#define INTEGER(name, type, id)                                                    \
	esp_err_t nvs_get_##name(nvs_handle handle, const char *key, type *value)  \
	{                                                                          \
		size_t length = sizeof(type);                                      \
		return get(handle, key, id, value, &length);                       \
	}                                                                          \
	esp_err_t nvs_set_##name(nvs_handle handle, const char *key, type value)   \
	{                                                                          \
		return set(handle, key, id, &value, sizeof(type));                 \
	}

INTEGER(u8, uint8_t, NVS_TYPE_U8)
INTEGER(i8, int8_t, NVS_TYPE_I8)
INTEGER(u16, uint16_t, NVS_TYPE_U16)
INTEGER(i16, int16_t, NVS_TYPE_I16)
INTEGER(u32, uint32_t, NVS_TYPE_U32)
INTEGER(i32, int32_t, NVS_TYPE_I32)
INTEGER(u64, uint64_t, NVS_TYPE_U64)
INTEGER(i64, int64_t, NVS_TYPE_I64)

esp_err_t nvs_entry_find_in_handle(nvs_handle handle, nvs_type_t type, nvs_iterator_t *found)
{
	char path[PATH_BYTES];
	esp_err_t error = path_of(handle, "x", path);
	(void)type;
	*found = NULL;
	if (error)
		return error;
	path[strlen(path) - 2] = 0;
	*found = calloc(1, sizeof(**found));
	(*found)->folder = opendir(path);
	(*found)->handle = handle;
	return nvs_entry_next(found);
}

esp_err_t nvs_entry_next(nvs_iterator_t *iterator)
{
	struct dirent *entry;
	while ((*iterator)->folder && (entry = readdir((*iterator)->folder))) {
		nvs_entry_info_t *info = &(*iterator)->info;
		if (!named(entry->d_name) || strlen(entry->d_name) >= sizeof(info->key))
			continue;
		strcpy(info->namespace_name, opened[(*iterator)->handle - 1]);
		strcpy(info->key, entry->d_name);
		if (!nvs_find_key((*iterator)->handle, info->key, &info->type))
			return ESP_OK;
	}
	nvs_release_iterator(*iterator);
	*iterator = NULL;
	return ESP_ERR_NVS_NOT_FOUND;
}

esp_err_t nvs_entry_info(nvs_iterator_t iterator, nvs_entry_info_t *info)
{
	*info = iterator->info;
	return ESP_OK;
}

void nvs_release_iterator(nvs_iterator_t iterator)
{
	if (!iterator)
		return;
	if (iterator->folder)
		closedir(iterator->folder);
	free(iterator);
}
