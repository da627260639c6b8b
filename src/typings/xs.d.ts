/** XS's own additions to the language that neither @moddable/typings 5.6.0 nor the SDK's own typings declare: see xs/sources/xsString.c. */
interface StringConstructor {
	/**
	 * The UTF-8 text in part of a buffer; it ends at the first NUL byte.
	 * @throws TypeError when the bytes are not UTF-8
	 */
	fromArrayBuffer(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): string;
}
