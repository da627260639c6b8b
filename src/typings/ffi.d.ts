/**
 * Moddable SDK 8, "ffi" in a manifest: C functions by name. @moddable/typings 5.6.0 lacks it. Declared are the functions
 * that the manifest names; a build without one of them has no such method.
 */
declare module "mc/ffi" {
	export default class FFI {
		/** `platform/native/spare-slot.c`: an image of so many bytes is to come. An `esp_err_t`; 0 is ESP_OK. */
		iot_jobs_begin_update?(byteLength: number): number;
		/** `platform/native/spare-slot.c`: the image is verified, and boots next. An `esp_err_t`. */
		iot_jobs_activate_update?(): number;
		/** `esp_ota_ops.h`: cancels the roll-back of the running image. 0 is ESP_OK. */
		esp_ota_mark_app_valid_cancel_rollback?(): number;
		/** `esp_ota_ops.h`: does not return when there is an image to go back to. */
		esp_ota_mark_app_invalid_rollback_and_reboot?(): number;
		/** `esp_system.h`: does not return. */
		esp_restart?(): void;
		/** `esp_system.h`: an `esp_reset_reason_t`. */
		esp_reset_reason?(): number;
		/** `esp_system.h`: bytes. */
		esp_get_free_heap_size?(): number;
		/** `esp_system.h`: bytes, since the start. */
		esp_get_minimum_free_heap_size?(): number;
		/** `esp_timer.h`: microseconds since the start. */
		esp_timer_get_time?(): bigint;
	}
}
