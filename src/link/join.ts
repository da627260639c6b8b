/** Brings the network up, once, and tells when there is one and the clock is set. Without it both are there at the start. */
export type JoinNetwork = (joined: () => void) => void;
