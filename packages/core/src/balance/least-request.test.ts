import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import type { Balancer } from "./balancer.js";
import { leastRequest, leastRequestWith } from "./least-request.js";

describe.each([
  ...balancerCases(leastRequest),
  ...balancerCases(leastRequestWith({ draws: 3 })),
  ...balancerCases(leastRequestWith({ fullScanUpTo: Number.POSITIVE_INFINITY })),
])("$name", ({ run }) => it("holds", run));

const loaded = (id: string, inFlight: number, weight = 1) => ({ id, inFlight, weight });
const picked = (candidates: readonly ReturnType<typeof loaded>[], ...draws: readonly number[]) =>
  leastRequest.pick({ candidates, draw: listed(...draws), now: 1_000 });

it("takes the less loaded of the two it drew", () => {
  const candidates = [loaded("a", 9), loaded("b", 1), loaded("c", 0)];
  expect(picked(candidates, 0, 0.4)).toBe(1);
  expect(picked(candidates, 0.4, 0)).toBe(1);
  expect(picked(candidates, 0.9, 0.4)).toBe(2);
});

it("takes the first drawn when both are equally loaded", () => {
  const candidates = [loaded("a", 3), loaded("b", 3)];
  expect(picked(candidates, 0, 0.5)).toBe(0);
  expect(picked(candidates, 0.5, 0)).toBe(1);
});

it("takes a loaded one that it drew twice", () => {
  expect(picked([loaded("a", 9), loaded("b", 0)], 0, 0)).toBe(0);
});

it("measures load by weight", () => {
  expect(picked([loaded("a", 3, 4), loaded("b", 1, 1)], 0, 0.9)).toBe(0);
  expect(picked([loaded("a", 5, 4), loaded("b", 1, 1)], 0, 0.9)).toBe(1);
});

it("draws both by weight", () => {
  const idle = [loaded("a", 0, 3), loaded("b", 0, 1)];
  const grid = Array.from({ length: 100 }, (_, i) => i / 100);
  expect(grid.filter((draw) => picked(idle, draw, draw) === 0)).toHaveLength(75);
});

describe("more draws", () => {
  const threeOf = leastRequestWith({ draws: 3, fullScanUpTo: 0 });
  const pickedOf = (inFlights: readonly number[], ...draws: readonly number[]) =>
    threeOf.pick({
      candidates: inFlights.map((inFlight, index) => loaded(String(index), inFlight)),
      draw: listed(...draws),
      now: 1_000,
    });

  it("takes the least loaded of those that it drew, the first of equals", () => {
    expect(pickedOf([5, 4, 3, 2, 1], 0, 0.2, 0.4)).toBe(2);
    expect(pickedOf([5, 4, 3, 2, 1], 0.8, 0.2, 0)).toBe(4);
    expect(pickedOf([1, 1, 1, 1, 0], 0.4, 0.2, 0)).toBe(2);
  });

  it("looks at no more than it drew", () => {
    expect(pickedOf([5, 4, 3, 2, 0], 0, 0, 0.2)).toBe(1);
  });

  it("draws as often as it is told", () => {
    let draws = 0;
    const draw = () => {
      draws++;
      return 0;
    };
    const candidates = [loaded("a", 0), loaded("b", 0)];
    threeOf.pick({ candidates, draw, now: 1_000 });
    expect(draws).toBe(3);
  });
});

describe("a full scan", () => {
  const scan = leastRequestWith({ fullScanUpTo: Number.POSITIVE_INFINITY });
  const scanned = (candidates: readonly ReturnType<typeof loaded>[], draw: number) =>
    scan.pick({ candidates, draw: listed(draw), now: 1_000 });

  it("takes the least loaded of all, whatever is drawn", () => {
    const candidates = [5, 4, 0, 3].map((inFlight, index) => loaded(String(index), inFlight));
    expect([0, 0.3, 0.6, 0.99].map((draw) => scanned(candidates, draw))).toEqual([2, 2, 2, 2]);
  });

  it("measures load by weight", () => {
    expect(scanned([loaded("a", 3, 4), loaded("b", 1, 1)], 0.99)).toBe(0);
    expect(scanned([loaded("a", 5, 4), loaded("b", 1, 1)], 0)).toBe(1);
  });

  it("draws among equally loaded ones by weight, once", () => {
    const candidates = [loaded("a", 9), loaded("b", 3, 3), loaded("c", 2), loaded("d", 1, 1)];
    const grid = Array.from({ length: 100 }, (_, i) => i / 100);
    const picks = grid.map((draw) => scanned(candidates, draw));
    expect(picks.filter((index) => index === 1)).toHaveLength(75);
    expect(picks.filter((index) => index === 3)).toHaveLength(25);
  });

  it("is made of up to three candidates for each draw, unless told otherwise", () => {
    const least = (balancer: Balancer, count: number) => {
      const candidates = Array.from({ length: count }, (_, index) =>
        loaded(String(index), index === 1 ? 0 : 5),
      );
      return balancer.pick({ candidates, draw: listed(0), now: 1_000 }) === 1;
    };
    const counts = [2, 6, 7, 9, 10];
    const scansOf = (balancer: Balancer) => counts.filter((count) => least(balancer, count));
    expect(scansOf(leastRequestWith())).toEqual([2, 6]);
    expect(scansOf(leastRequestWith({ draws: 3 }))).toEqual([2, 6, 7, 9]);
    expect(scansOf(leastRequestWith({ fullScanUpTo: 2 }))).toEqual([2]);
    expect(scansOf(leastRequest)).toEqual([]);
  });

  it("finds a least loaded one for every load and weight", () => {
    const any = fc.record({
      id: fc.string(),
      inFlight: fc.nat(9),
      weight: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (candidates, draw) => {
          const picked = candidates[scanned(candidates, draw)];
          const load = (each = candidates[0]) => (each?.inFlight ?? 0) / (each?.weight ?? 1);
          expect(load(picked)).toBe(Math.min(...candidates.map(load)));
        },
      ),
      { seed: 5 },
    );
  });
});

it("refuses options that make no sense", () => {
  expect(() => leastRequestWith({ draws: 1 })).toThrow(
    new RangeError("draws: expected a whole number >= 2, got 1"),
  );
  expect(() => leastRequestWith({ draws: 2.5 })).toThrow("got 2.5");
  expect(() => leastRequestWith({ fullScanUpTo: -1 })).toThrow(
    new RangeError("fullScanUpTo: expected a number >= 0, got -1"),
  );
  expect(() => leastRequestWith({ fullScanUpTo: Number.NaN })).toThrow("got NaN");
});
