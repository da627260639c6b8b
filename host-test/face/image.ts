import { makeImage as make } from "../device/image.js";

export interface ImageOptions {
	readonly version: string;
	/** Bytes of a made-up program; the image is a little longer. */
	readonly programBytes?: number;
	/** Makes two images of one version differ. */
	readonly seed?: number;
}

/** A firmware image for `putImage`, or a device's `factoryImage`, as builds for the ESP32 have them. */
export function makeImage(options: ImageOptions): Uint8Array {
	return make(options);
}
