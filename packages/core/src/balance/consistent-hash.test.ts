import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import type { Balancer, Candidate } from "./balancer.js";
import { consistentHash, consistentHashWith } from "./consistent-hash.js";
import type { HashRing } from "./hash-ring.js";
import { mix } from "./hash.js";
import { instances, loads, movedByLeaving, placed } from "./key-figures.js";

const bounded = consistentHashWith({ boundedLoad: 1.25 });

describe.each([
  ...balancerCases(consistentHash),
  ...balancerCases(bounded, { boundedLoad: 1.25 }),
  ...balancerCases(consistentHashWith({ minimumRingSize: 2, maximumRingSize: 2 })),
])("$name", ({ run }) => it("holds", run));

const KEYS = 20_000;
const ringOf = (balancer: Balancer, candidates: readonly Candidate[]) =>
  balancer.prepare?.(candidates) as HashRing;
const pointsOf = (ring: HashRing, count: number) =>
  Array.from({ length: count }, (_, index) => ring.owners.filter((each) => each === index).length);

describe("the ring", () => {
  it("has its points in ascending order, with all that are on it", () => {
    for (const count of [1, 2, 3, 100, 2_000]) {
      const ring = ringOf(consistentHash, instances(count));
      expect(ring.points).toEqual(ring.points.slice().sort());
      expect(new Set(ring.owners).size).toBe(count);
    }
  });

  it("is as large as told with two candidates, and grows with their weights", () => {
    const sizeOf = (count: number, weight: number) =>
      ringOf(
        consistentHashWith({ minimumRingSize: 2_048 }),
        instances(count, () => weight),
      ).points.length;
    expect(sizeOf(2, 1)).toBe(2_048);
    expect(sizeOf(4, 1)).toBe(4_096);
    expect(sizeOf(2, 3)).toBe(6_144);
    expect(sizeOf(2, 0.25)).toBe(512);
    expect(sizeOf(2, 1e-9)).toBe(2);
  });

  it("does not grow beyond its largest size, but for one point each", () => {
    const small = consistentHashWith({ minimumRingSize: 16, maximumRingSize: 1_000 });
    expect(ringOf(small, instances(300)).points.length).toBeGreaterThan(950);
    expect(ringOf(small, instances(300)).points.length).toBeLessThan(1_050);
    expect(ringOf(small, instances(1_500)).points.length).toBe(1_500);
  });

  it("gives each candidate points by its weight, whoever else there is", () => {
    const weights = [1, 2, 0.5, 3.5];
    const all = instances(4, (index) => weights[index] as number);
    expect(pointsOf(ringOf(consistentHash, all), 4)).toEqual([512, 1_024, 256, 1_792]);
    expect(pointsOf(ringOf(consistentHash, all.slice(1)), 3)).toEqual([1_024, 256, 1_792]);
  });

  it("rounds fractions of a point so that they sum up", () => {
    const size = consistentHashWith({ minimumRingSize: 2, maximumRingSize: 2_500 });
    const counts = pointsOf(
      ringOf(
        size,
        instances(1_000, () => 3),
      ),
      1_000,
    );
    expect(new Set(counts)).toEqual(new Set([2, 3]));
    expect(counts.filter((count) => count === 3).length).toBeGreaterThan(450);
    expect(counts.filter((count) => count === 3).length).toBeLessThan(550);
  });

  it("stands weights that are hardly numbers any more", () => {
    for (const weight of [Number.MIN_VALUE, 1e-300, 1e300, Number.MAX_VALUE]) {
      const candidates = instances(3, () => weight);
      const { owners } = ringOf(consistentHash, candidates);
      expect(new Set(owners).size).toBe(3);
    }
  });

  it("gives a point that two have to the lesser id, whatever the order of the list", () => {
    // Found by search: they have one of their 64 points in common.
    const candidates = ["i707", "i774"].map((id) => ({ id, weight: 1, inFlight: 0 }));
    for (const list of [candidates, candidates.toReversed()]) {
      const { points, owners } = ringOf(consistentHashWith({ minimumRingSize: 128 }), list);
      const at = points.indexOf(3_985_852_593);
      expect(points[at + 1]).toBe(3_985_852_593);
      expect(list[owners[at] as number]?.id).toBe("i707");
      expect(list[owners[at + 1] as number]?.id).toBe("i774");
    }
  });
});

describe("consistentHash", () => {
  it("takes the owner of the first point at or after the place of the key, or the first of all", () => {
    const small = consistentHashWith({ minimumRingSize: 16 });
    const candidates = instances(3);
    const prepared = ringOf(small, candidates);
    const { points, owners } = prepared;
    const first = (place: number) =>
      Math.max(
        0,
        points.findIndex((point) => point >= place),
      );
    const wrapped = new Set<boolean>();
    for (let key = 0; key < 2_000; key++) {
      const place = mix(key);
      const input = { candidates, draw: listed(0), now: 1_000, key, prepared };
      expect(small.pick(input)).toBe(owners[first(place)]);
      wrapped.add(place > (points.at(-1) as number));
    }
    expect(wrapped.size).toBe(2);
  });

  it("gives keys by weight, within a tenth", () => {
    const candidates = instances(5, (index) => index + 1);
    for (const load of loads(candidates, placed(consistentHash, candidates, KEYS))) {
      expect(load).toBeGreaterThan(0.9);
      expect(load).toBeLessThan(1.1);
    }
  });

  it.each([
    [3, 1.06],
    [10, 1.1],
    [100, 1.25],
  ])("loads the fullest of %i with at most %d of its share", (count, most) => {
    const candidates = instances(count);
    const load = Math.max(...loads(candidates, placed(consistentHash, candidates, 100_000)));
    expect(load).toBeLessThan(most);
  });

  it("shares out more evenly with more points", () => {
    const fullest = (minimumRingSize: number) => {
      const candidates = instances(10);
      const balancer = consistentHashWith({ minimumRingSize });
      return Math.max(...loads(candidates, placed(balancer, candidates, 50_000)));
    };
    expect(fullest(64)).toBeGreaterThan(1.2);
    expect(fullest(65_536)).toBeLessThan(1.03);
  });

  it.each([3, 10, 100, 1_000])("moves no key of another when one of %i leaves", (count) => {
    expect(movedByLeaving(consistentHash, instances(count), count >> 1, KEYS)).toBe(0);
  });

  it.each([
    ["fractions of 1", [0.5, 0.3, 0.2]],
    ["tenths", new Array<number>(10).fill(0.1)],
    ["a hundred hundredths", new Array<number>(100).fill(0.01)],
  ])("moves no key of another with weights that are %s", (_, weights) => {
    const candidates = instances(weights.length, (index) => weights[index] as number);
    for (const leaver of [0, weights.length >> 1, weights.length - 1])
      expect(movedByLeaving(consistentHash, candidates, leaver, KEYS)).toBe(0);
  });

  it.each([
    [10, 0.1, 1.4],
    [100, 0.01, 3],
  ])("loads the fullest of %i of weight %d with at most %d of its share", (count, weight, most) => {
    const candidates = instances(count, () => weight);
    const load = Math.max(...loads(candidates, placed(consistentHash, candidates, 100_000)));
    expect(load).toBeLessThan(most);
  });

  it("moves no key of another, whatever the weights and whoever leaves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 9, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.nat(7),
        (weights, leaver) => {
          const candidates = instances(weights.length, (index) => weights[index] as number);
          const moved = movedByLeaving(consistentHash, candidates, leaver % weights.length, 500);
          expect(moved).toBe(0);
        },
      ),
      { numRuns: 30, seed: 5 },
    );
  });

  it("moves about as many keys of others as of the one that leaves a ring of the largest size", () => {
    const small = consistentHashWith({ minimumRingSize: 1_024, maximumRingSize: 4_096 });
    expect(movedByLeaving(small, instances(50), 7, KEYS)).toBeLessThan(2 / 50);
  });

  it("only takes keys when a weight grows", () => {
    const before = placed(consistentHash, instances(4), KEYS);
    const grown = instances(4, (index) => (index === 2 ? 2 : 1));
    const after = placed(consistentHash, grown, KEYS);
    const moved = after.filter((id, key) => before[key] !== id);
    expect(new Set(moved)).toEqual(new Set([grown[2]?.id]));
    expect(moved.length / KEYS).toBeGreaterThan(0.1);
  });
});

describe("consistentHashWith", () => {
  it("refuses options that make no sense", () => {
    expect(() => consistentHashWith({ minimumRingSize: 1 })).toThrow(
      new RangeError("minimumRingSize: expected a whole number from 2 to 8388608, got 1"),
    );
    expect(() => consistentHashWith({ minimumRingSize: 10.5 })).toThrow("got 10.5");
    expect(() => consistentHashWith({ maximumRingSize: 1_023 })).toThrow(
      new RangeError("maximumRingSize: expected a whole number from 1024 to 8388608, got 1023"),
    );
    expect(() => consistentHashWith({ maximumRingSize: 8_388_609 })).toThrow("got 8388609");
    expect(() => consistentHashWith({ minimumRingSize: 1_000_000 })).not.toThrow();
    expect(() => consistentHashWith({ boundedLoad: 0.9 })).toThrow(
      new RangeError("boundedLoad: expected a finite number >= 1, got 0.9"),
    );
  });
});
