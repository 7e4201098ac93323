import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { mix, placeOf } from "./hash.js";

describe("mix", () => {
  it("gives the known numbers", () => {
    // By the reference in C, on 32-bit unsigned integers.
    expect([0, 1, 2, 0x12345678, 0xffffffff].map(mix)).toEqual([
      0, 1753845952, 3507691905, 4125564054, 1734902346,
    ]);
  });

  it("changes half of the bits when one bit changes", () => {
    for (let bit = 0; bit < 32; bit++) {
      let changed = 0;
      for (let value = 0; value < 1_000; value++) {
        const seed = Math.imul(value, 0x9e3779b9);
        changed += onesOf(mix(seed) ^ mix(seed ^ (1 << bit)));
      }
      expect(changed / 32_000).toBeGreaterThan(0.48);
      expect(changed / 32_000).toBeLessThan(0.52);
    }
  });
});

describe("placeOf", () => {
  const placed = (key: number | undefined, draw: number) =>
    placeOf({ candidates: [], draw: listed(draw), now: 1_000, key });

  it("follows from the key, without a draw", () => {
    expect(placed(7, 0.1)).toBe(mix(7));
    expect(placed(0, 0.9)).toBe(mix(0));
  });

  it("is drawn where there is no key", () => {
    expect(placed(undefined, 0.5)).toBe(mix(2 ** 31));
    expect(placed(undefined, 1 - 2 ** -32)).toBe(mix(2 ** 32 - 1));
  });

  it("spreads neighbouring keys, as a split leaves them", () => {
    const halves = Array.from({ length: 1_000 }, (_, key) => placed(key, 0) < 2 ** 31);
    expect(halves.filter(Boolean).length).toBeGreaterThan(450);
    expect(halves.filter(Boolean).length).toBeLessThan(550);
  });
});

function onesOf(value: number): number {
  let ones = 0;
  for (let rest = value >>> 0; rest !== 0; rest >>>= 1) ones += rest & 1;
  return ones;
}
