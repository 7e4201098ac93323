/**
 * 32-bit hash of the UTF-8 form of a text.
 *
 * @returns a whole number in [0, 2^32)
 *
 * Source: Austin Appleby, MurmurHash3_x86_32, in the public domain.
 */
export function murmur3(text: string, seed: number): number {
  let hash = seed | 0;
  let block = 0;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdfff) {
      code = text.codePointAt(i) as number;
      if (code > 0xffff) i++;
      else code = 0xfffd;
    }
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let at = 0; at < bytes; at++) {
      block |= utf8Byte(code, bytes, at) << ((length & 3) * 8);
      length++;
      if ((length & 3) === 0) {
        hash = Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64;
        block = 0;
      }
    }
  }
  return finish(hash ^ scramble(block) ^ length);
}

function utf8Byte(code: number, bytes: number, at: number): number {
  if (bytes === 1) return code;
  const bits = (code >> (6 * (bytes - 1 - at))) & 0x3f;
  return at === 0 ? (code >> (6 * (bytes - 1))) | ((0xf00 >> bytes) & 0xff) : bits | 0x80;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function finish(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
