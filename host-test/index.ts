/**
 * What `import { Emulator, VirtualDevice } from "moddable-iot-jobs"` brings: AWS IoT Jobs, and devices that run the agent, inside
 * of a test. Nothing else of the package is promised.
 */
export { VirtualClock } from "./clock.js";
export { Emulator, type EmulatorOptions } from "./face/emulator.js";
export type { FaultList } from "./face/faults.js";
export { makeImage } from "./face/image.js";
export type * from "./face/types.js";
export { type PowerCut, VirtualDevice, type VirtualDeviceOptions } from "./face/virtual-device.js";
