import { Machine } from "../machine/machine.js";

const ESP_OK = 0;
const ESP_FAIL = -1;

/** `mc/ffi`: the functions of ESP-IDF and of `src/platform/native` that the manifest names. */
export default class FFI {
	esp_restart(): never {
		const machine: Machine = Machine.current;
		machine.alive();
		machine.restart("esp_restart");
	}

	iot_jobs_begin_update(byteLength: number): number {
		const machine = Machine.current;
		machine.alive();
		return machine.hardware.beginUpdate(byteLength);
	}

	iot_jobs_activate_update(): number {
		const machine = Machine.current;
		let error = ESP_FAIL;
		machine.operation("boot", () => {
			error = machine.hardware.activateUpdate();
		});
		return error;
	}

	esp_ota_mark_app_valid_cancel_rollback(): number {
		const machine = Machine.current;
		let confirmed = false;
		machine.operation("boot", () => {
			confirmed = machine.hardware.confirmImage();
		});
		return confirmed ? ESP_OK : ESP_FAIL;
	}

	esp_ota_mark_app_invalid_rollback_and_reboot(): number {
		const machine = Machine.current;
		let possible = false;
		machine.operation("boot", () => {
			possible = machine.hardware.rejectImage();
		});
		if (possible) machine.restart("esp_ota_mark_app_invalid_rollback_and_reboot");
		return ESP_FAIL;
	}

	esp_reset_reason(): number {
		return Machine.current.hardware.resetReason;
	}

	esp_get_free_heap_size(): number {
		return Machine.current.hardware.heap.free;
	}

	esp_get_minimum_free_heap_size(): number {
		return Machine.current.hardware.heap.minFree;
	}

	esp_timer_get_time(): bigint {
		const { clock, bootedAt } = Machine.current.hardware;
		return BigInt(clock.now() - bootedAt) * 1_000n;
	}
}
