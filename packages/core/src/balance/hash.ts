import type { PickInput } from "./balancer.js";

/**
 * Mixes 32 bits: each bit of the result depends on every bit that is given, and no two numbers give the same.
 *
 * @returns a whole number in [0, 2^32)
 *
 * Source: C. Wellons, "hash-prospector", lowbias32, in the public domain.
 */
export function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * What a request is placed by: its key, or a number drawn for it where it has none. The key is mixed once more, since a
 * split by the same key leaves only neighbouring ones.
 *
 * Source: Envoy, hash policy: a random number where nothing is hashed.
 */
export function placeOf({ key, draw }: PickInput): number {
  return mix(key ?? Math.floor(draw() * 2 ** 32));
}
