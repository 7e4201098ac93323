import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placesOf, shedShares, shouldShed } from "./load-shed.js";

const shares = (...priorities: readonly number[]) => [...shedShares(priorities)];

describe("the share of a priority", () => {
  it("is the whole limit where there is one priority only", () => {
    expect(shares(0, 0, 0)).toEqual([[0, 1]]);
    expect(shares(-7)).toEqual([[-7, 1]]);
    expect(shares()).toEqual([]);
  });

  it("is a tenth less for each next lower priority that is used, however far below", () => {
    expect(shares(0, 100, 0, -1)).toEqual([
      [100, 1],
      [0, 0.9],
      [-1, 0.8],
    ]);
  });

  it("is half of the limit for the lowest where there are many", () => {
    const list = shares(...Array.from({ length: 11 }, (_, i) => i));
    expect(list).toHaveLength(11);
    expect(list[0]).toEqual([10, 1]);
    expect(list[1]?.[1]).toBeCloseTo(0.95);
    expect(list[10]).toEqual([0, 0.5]);
  });
});

describe("shedding", () => {
  const at = (inFlight: number, share: number, limit = 100) =>
    shouldShed({ share, inFlight, limit });

  it("refuses a request when what its priority may fill is full", () => {
    expect([at(99, 1), at(100, 1)]).toEqual([false, true]);
    expect([at(89, 0.9), at(90, 0.9)]).toEqual([false, true]);
    expect([at(79, 0.8), at(80, 0.8)]).toEqual([false, true]);
  });

  it("refuses nothing where there is no limit", () => {
    expect(at(1_000_000, 0.5, 0)).toBe(false);
  });

  it("leaves one place to every priority, and rounds down else", () => {
    expect([1, 2, 3, 10, 15].map((limit) => placesOf(limit, 0.9))).toEqual([1, 1, 2, 9, 13]);
    expect(placesOf(1, 0.5)).toBe(1);
  });

  it("loses no place to rounding errors", () => {
    for (let tenths = 5; tenths <= 10; tenths++)
      for (let limit = 10; limit <= 10_000; limit += 10)
        expect(placesOf(limit, tenths / 10)).toBe((limit / 10) * tenths);
  });
});

it("sheds, for every set of priorities, a lower one no later than a higher one, and the highest at the limit only", () => {
  const list = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 5_000 }), (priorities, limit) => {
      const places = [...shedShares(priorities)]
        .sort(([a], [b]) => a - b)
        .map(([, share]) => placesOf(limit, share));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places.at(-1)).toBe(limit);
      expect(places[0]).toBeGreaterThanOrEqual(Math.max(1, Math.floor(limit / 2)));
      if (limit >= 200) expect(new Set(places).size).toBe(places.length);
    }),
    { seed: 5 },
  );
});
