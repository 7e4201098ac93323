import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** 128 bits: too many to guess, or for two instances to meet by chance. */
const BYTES = 16;
/** Characters of every value. */
export const VALUE_LENGTH = 22;

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * What a cookie holds for an instance of a service: 22 characters of base64url whatever the names. With a secret nobody
 * else can make it (HMAC-SHA-256, its first 128 bits); without one it is a SHA-256 cut to the same length, which hides an id
 * only as well as the id is hard to guess.
 *
 * Source: RFC 2104 (section 5 for the cut), FIPS 180-4, RFC 4648 section 5.
 */
export function cookieValue(service: string, id: string, secret?: string): string {
  // The length keeps "a" + "bc" and "ab" + "c" apart.
  const message = utf8ToBytes(`signalbox affinity 1\n${service.length}\n${service}\n${id}`);
  const bytes = secret === undefined ? sha256(message) : hmac(sha256, utf8ToBytes(secret), message);
  return base64url(bytes.subarray(0, BYTES));
}

function base64url(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += DIGITS.charAt((held >> bits) & 63);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + DIGITS.charAt((held << (6 - bits)) & 63);
}
