/*
 * Updates without an open handle: the image is written by the SDK's embedded:storage/flash, which can go on in the middle, and
 * ESP-IDF does here what the SDK's embedded:update has it do before the first byte and after the last. For the ESP32 and, over
 * files, for the simulator.
 */
#include <stdint.h>

#ifdef ESP_PLATFORM
	#include "sdkconfig.h"
	#if !CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
		#error "iot-jobs: this build has no rollback. Include src/manifests/board.json, last, or set CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y in your sdkconfig.defaults."
	#endif
#endif
#include "esp_partition.h"
#include "app_update/include/esp_ota_ops.h"

/*
 * What esp_ota_begin does beside erasing the slot: it refuses while the image that runs is on trial, and erases the boot loader's
 * entry for the slot, whose image must not boot any more. An esp_err_t.
 */
int32_t iot_jobs_begin_update(uint32_t byte_length)
{
	const esp_partition_t *spare = esp_ota_get_next_update_partition(NULL);
	esp_ota_handle_t handle;
	esp_err_t error;
	if (!spare)
		return ESP_ERR_NOT_FOUND;
	if (byte_length > spare->size)
		return ESP_ERR_INVALID_SIZE;
	error = esp_ota_begin(spare, OTA_WITH_SEQUENTIAL_WRITES, &handle);
	return error ? error : esp_ota_abort(handle);
}

/* Verifies the image in the slot, and has it boot next. An esp_err_t. */
int32_t iot_jobs_activate_update(void)
{
	return esp_ota_set_boot_partition(esp_ota_get_next_update_partition(NULL));
}
