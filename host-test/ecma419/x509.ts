/** See ssl-cert.ts. */
export default {};
