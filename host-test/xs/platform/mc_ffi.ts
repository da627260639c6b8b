import { call } from "./host.js";
import { Op } from "./protocol.js";

export default class FFI {
	esp_restart(): void {
		call(Op.ffi, 0, 0, "esp_restart");
	}

	iot_jobs_begin_update(byteLength: number): number {
		return call(Op.ffi, 0, byteLength, "iot_jobs_begin_update") as number;
	}

	iot_jobs_activate_update(): number {
		return call(Op.ffi, 0, 0, "iot_jobs_activate_update") as number;
	}

	esp_ota_mark_app_valid_cancel_rollback(): number {
		return call(Op.ffi, 0, 0, "esp_ota_mark_app_valid_cancel_rollback") as number;
	}

	esp_ota_mark_app_invalid_rollback_and_reboot(): number {
		return call(Op.ffi, 0, 0, "esp_ota_mark_app_invalid_rollback_and_reboot") as number;
	}

	esp_reset_reason(): number {
		return call(Op.ffi, 0, 0, "esp_reset_reason") as number;
	}

	esp_get_free_heap_size(): number {
		return call(Op.ffi, 0, 0, "esp_get_free_heap_size") as number;
	}

	esp_get_minimum_free_heap_size(): number {
		return call(Op.ffi, 0, 0, "esp_get_minimum_free_heap_size") as number;
	}

	esp_timer_get_time(): bigint {
		return BigInt(call(Op.ffi, 0, 0, "esp_timer_get_time") as number);
	}
}
