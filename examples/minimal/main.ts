import { HandlerRegistry } from "iot-jobs/agent/handler-registry";
import { readConfig } from "iot-jobs/app/config";
import { RebootHandler } from "iot-jobs/handlers/reboot";
import { MqttAgent } from "iot-jobs/mqtt-agent";
import { EspFirmware } from "iot-jobs/platform/firmware";
import { mqttNetwork } from "iot-jobs/platform/network";
import { KeyValueSlots } from "iot-jobs/storage/record-slots";

/** All that an agent needs: an app with one operation, `reboot`, whose network is up when it starts. */
export default function main(): void {
	const { link } = readConfig();
	const firmware = new EspFirmware();
	new MqttAgent({
		...link,
		network: () => mqttNetwork(link.host, link.port),
		storage: new KeyValueSlots(),
		handlers: new HandlerRegistry().add(new RebootHandler()),
		restart: () => firmware.restart(),
		resetReason: firmware.resetReason(),
	}).start();
}
