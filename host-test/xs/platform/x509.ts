/** See ssl_cert.ts. */
export default {};
