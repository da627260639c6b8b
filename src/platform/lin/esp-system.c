/*
 * ESP-IDF's system functions for the Linux simulator. A chip's reset is the end of the process, which host-test/simulator starts
 * again. It says by the environment:
 *
 *   IOT_JOBS_FLASH         the folder that is the flash. Default: .iot-jobs-flash in the home folder
 *   IOT_JOBS_SLOT          the OTA slot that was booted, 0 or 1. Default: 0
 *   IOT_JOBS_RESET_REASON  an esp_reset_reason_t. Default: 1, power on
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "esp-idf.h"

/* The exit status of a reset that the program asked for. */
#define RESTART_STATUS 77

void esp_restart(void)
{
	fflush(NULL);
	_exit(RESTART_STATUS);
}

int32_t esp_reset_reason(void)
{
	const char *reason = getenv("IOT_JOBS_RESET_REASON");
	return reason ? atoi(reason) : 1;
}

/* No heap of ESP-IDF's is simulated: the figures of an ESP32-C3 with this firmware, connected. */
uint32_t esp_get_free_heap_size(void)
{
	return 44556;
}

uint32_t esp_get_minimum_free_heap_size(void)
{
	return 43464;
}

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t started;

__attribute__((constructor)) static void start(void)
{
	started = now();
	setvbuf(stdout, NULL, _IOLBF, 0); /* the console, line by line, also into a pipe */
}

int64_t esp_timer_get_time(void)
{
	return now() - started;
}

void flash_path(char *path, size_t length, const char *folder, const char *name)
{
	const char *flash = getenv("IOT_JOBS_FLASH");
	const char *home = getenv("HOME");
	if (flash)
		snprintf(path, length, "%s", flash);
	else
		snprintf(path, length, "%s/.iot-jobs-flash", home ? home : ".");
	mkdir(path, 0700);
	if (*folder) {
		char *at;
		size_t base = strlen(path);
		snprintf(path + base, length - base, "/%s", folder);
		for (at = path + base + 1; (at = strchr(at, '/')); *at++ = '/') {
			*at = 0;
			mkdir(path, 0700);
		}
		mkdir(path, 0700);
	}
	snprintf(path + strlen(path), length - strlen(path), "/%s", name);
}

const char *esp_err_to_name_r(esp_err_t error, char *text, size_t length)
{
	static const struct {
		esp_err_t error;
		const char *name;
	} names[] = {
		{ ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND" },
		{ ESP_ERR_NVS_TYPE_MISMATCH, "ESP_ERR_NVS_TYPE_MISMATCH" },
		{ ESP_ERR_NVS_NOT_ENOUGH_SPACE, "ESP_ERR_NVS_NOT_ENOUGH_SPACE" },
		{ ESP_ERR_NVS_INVALID_NAME, "ESP_ERR_NVS_INVALID_NAME" },
		{ ESP_ERR_NVS_INVALID_HANDLE, "ESP_ERR_NVS_INVALID_HANDLE" },
		{ ESP_ERR_NVS_KEY_TOO_LONG, "ESP_ERR_NVS_KEY_TOO_LONG" },
		{ ESP_ERR_NVS_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH" },
	};
	size_t i;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error) {
			snprintf(text, length, "%s", names[i].name);
			return text;
		}
	}
	snprintf(text, length, "esp_err_t %d", (int)error);
	return text;
}
