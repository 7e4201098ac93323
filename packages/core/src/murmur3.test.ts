import fc from "fast-check";
import { expect, it } from "vitest";
import { murmur3 } from "./murmur3.js";

/** Any code unit: control characters, bytes and halves of pairs too. */
const anyChar = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

// Source: the vectors of I. Boyd, https://stackoverflow.com/a/31929528, and those of SMHasher.
it.each([
  ["", 0x00000000, 0x00000000],
  ["", 0x00000001, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["\0", 0x00000000, 0x514e28b7],
  ["\0\0", 0x00000000, 0x30f4c306],
  ["\0\0\0", 0x00000000, 0x85f0b427],
  ["\0\0\0\0", 0x00000000, 0x2362f9de],
  ["a", 0x9747b28c, 0x7fa09ea6],
  ["aa", 0x9747b28c, 0x5d211726],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["ab", 0x9747b28c, 0x74875592],
  ["abc", 0x9747b28c, 0xc84a62dd],
  ["abcd", 0x9747b28c, 0xf0478627],
  ["abc", 0x00000000, 0xb3dd93fa],
  ["test", 0x00000000, 0xba6bd213],
  ["Hello, world!", 0x00000000, 0xc0363e43],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["ππππππππ", 0x9747b28c, 0xd58063c1],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ["a".repeat(256), 0x9747b28c, 0x37405bdc],
])("hashes %j with the seed %d as published", (text, seed, hash) => {
  expect(murmur3(text, seed)).toBe(hash);
});

/** The published algorithm over bytes, block by block. */
function reference(bytes: Uint8Array, seed: number): number {
  const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
  const mix = (block: number) => Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let hash = seed;
  for (let at = 0; at < whole; at += 4)
    hash = (Math.imul(rotate(hash ^ mix(view.getUint32(at, true)), 13), 5) + 0xe6546b64) | 0;
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | (bytes[at] as number);
  hash ^= mix(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

it("hashes the UTF-8 bytes of every text, half pairs of surrogates as U+FFFD", () => {
  const text = fc.oneof(
    fc.string({ unit: anyChar }),
    fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\ud800", "\udc00") }),
  );
  fc.assert(
    fc.property(text, fc.nat(0xffffffff), (text, seed) => {
      expect(murmur3(text, seed)).toBe(reference(new TextEncoder().encode(text), seed));
    }),
    { numRuns: 300 },
  );
});
