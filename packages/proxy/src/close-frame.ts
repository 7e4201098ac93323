import { randomBytes } from "node:crypto";

/** "Going away": the endpoint is shutting down. Source: RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;

/** The Close frame of a server, which is not masked. */
export const CLOSE_TO_CLIENT: Buffer = Buffer.from([0x88, 2, GOING_AWAY >> 8, GOING_AWAY & 0xff]);

/** A Close frame of a client, masked with a key that nobody can foretell. Source: RFC 6455 section 5.3. */
export function closeToInstance(): Buffer {
  const key = randomBytes(4);
  const high = (GOING_AWAY >> 8) ^ (key[0] as number);
  const low = (GOING_AWAY & 0xff) ^ (key[1] as number);
  return Buffer.from([0x88, 0x82, ...key, high, low]);
}
