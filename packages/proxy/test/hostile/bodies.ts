import { seeded } from "./random.js";

const SPAN = 2 ** 20;
const noise = makeNoise();

/**
 * The body that belongs to an id: every byte follows from the id and its place, so that a receiver can tell a whole
 * body, a part of it, and bytes of another one apart. At most 1 MiB.
 */
export function bodyOf(id: string, length: number): Buffer {
  if (length > SPAN) throw new RangeError(`a body of ${length} bytes is longer than ${SPAN}`);
  const start = placeOf(id);
  return noise.subarray(start, start + length);
}

/** Whether bytes are those of the body of an id from a place on. */
export function isPartOf(id: string, offset: number, bytes: Buffer): boolean {
  if (offset + bytes.length > SPAN) return false;
  const start = placeOf(id) + offset;
  return noise.subarray(start, start + bytes.length).equals(bytes);
}

function placeOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 12)) & (SPAN - 1);
}

function makeNoise(): Buffer {
  const random = seeded(1);
  const words = new Uint32Array(SPAN / 2);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return Buffer.from(words.buffer);
}
