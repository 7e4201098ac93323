import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur3 } from "../murmur3.js";
import { balancerCases } from "./balancer-cases.js";
import type { Candidate } from "./balancer.js";
import { instances, loads, movedByLeaving, placed } from "./key-figures.js";
import { maglev, maglevWith } from "./maglev.js";
import type { MaglevTable } from "./maglev-table.js";

describe.each([
  ...balancerCases(maglev),
  ...balancerCases(maglevWith({ boundedLoad: 1.25 }), { boundedLoad: 1.25 }),
  ...balancerCases(maglevWith({ tableSize: 251 })),
])("$name", ({ run }) => it("holds", run));

const KEYS = 20_000;
const slotsOf = (candidates: readonly Candidate[], tableSize = 65_537) =>
  (maglevWith({ tableSize }).prepare?.(candidates) as MaglevTable).slots;
const countsOf = (slots: Uint32Array, count: number) => {
  const counts = new Array<number>(count).fill(0);
  for (const owner of slots) counts[owner] = (counts[owner] as number) + 1;
  return counts;
};

describe("the table", () => {
  it("is filled as in the paper, with weights as Envoy has them", () => {
    // Ratios that are exact numbers: a turn that falls due between two rounds may else come a round later.
    const weight = fc.oneof(fc.constant(1), fc.constantFrom(0.5, 1, 2, 4, 8));
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(2, 7, 13, 251),
        (weights, size) => {
          const candidates = instances(weights.length, (index) => weights[index] as number);
          expect([...slotsOf(candidates, size)]).toEqual(reference(candidates, size));
        },
      ),
      { seed: 5 },
    );
  });

  it.each([3, 10, 100, 655])(
    "gives each of %i equal candidates the same slots, but for a hundredth",
    (count) => {
      const counts = countsOf(slotsOf(instances(count)), count);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(
        Math.ceil((0.01 * 65_537) / count),
      );
    },
  );

  it("gives slots by weight, to one slot", () => {
    const weights = [1, 2, 0.5, 3.5];
    const counts = countsOf(slotsOf(instances(4, (index) => weights[index] as number)), 4);
    for (const [index, count] of counts.entries())
      expect(Math.abs(count - ((weights[index] as number) / 7) * 65_537)).toBeLessThan(2);
  });

  it("gives each one slot at least, however little it weighs", () => {
    const counts = countsOf(slotsOf(instances(100, (index) => (index === 7 ? 1e9 : 1))), 100);
    expect(Math.min(...counts)).toBe(1);
    expect(counts[7]).toBe(65_537 - 99);
  });

  it("stands weights that are hardly numbers any more", () => {
    for (const weight of [Number.MIN_VALUE, 1e-300, 1e300, Number.MAX_VALUE]) {
      const counts = countsOf(slotsOf(instances(3, (index) => (index === 0 ? 1 : weight))), 3);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(counts.reduce((a, b) => a + b)).toBe(65_537);
    }
  });

  it("leaves out those beyond its size", () => {
    expect(countsOf(slotsOf(instances(9), 7), 9)).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });
});

describe("maglev", () => {
  it("gives keys by weight, within a tenth", () => {
    const candidates = instances(5, (index) => index + 1);
    for (const load of loads(candidates, placed(maglev, candidates, KEYS))) {
      expect(load).toBeGreaterThan(0.9);
      expect(load).toBeLessThan(1.1);
    }
  });

  it.each([
    [3, 1.02],
    [10, 1.02],
    [100, 1.1],
  ])("loads the fullest of %i with at most %d of its share", (count, most) => {
    const candidates = instances(count);
    const load = Math.max(...loads(candidates, placed(maglev, candidates, 100_000)));
    expect(load).toBeLessThan(most);
  });

  it.each([3, 10, 100, 1_000])(
    "moves less than a hundredth of the keys of others when one of %i leaves",
    (count) => {
      for (const leaver of [0, count >> 1, count - 1])
        expect(movedByLeaving(maglev, instances(count), leaver, KEYS)).toBeLessThan(0.01);
    },
  );

  it("moves fewer keys of others with a larger table", () => {
    const larger = maglevWith({ tableSize: 655_373 });
    const moved = movedByLeaving(maglev, instances(100), 50, KEYS);
    expect(movedByLeaving(larger, instances(100), 50, KEYS)).toBeLessThan(moved / 2);
  });
});

describe("maglevWith", () => {
  it("refuses options that make no sense", () => {
    for (const tableSize of [-7, 0, 1, 4, 65_536, 65_539 * 3, 7.5, Number.NaN]) {
      expect(() => maglevWith({ tableSize })).toThrow(
        new RangeError(`tableSize: expected a prime number up to 5000011, got ${tableSize}`),
      );
    }
    expect(() => maglevWith({ tableSize: 5_000_077 })).toThrow("got 5000077");
    expect(() => maglevWith({ boundedLoad: 0.5 })).toThrow(
      new RangeError("boundedLoad: expected a finite number >= 1, got 0.5"),
    );
  });
});

/** The loops of the paper's figure, and Envoy's for weights, word for word. */
function reference(candidates: readonly Candidate[], size: number): readonly number[] {
  const entry: number[] = new Array<number>(size).fill(-1);
  const order = candidates.map(({ id }) => id).sort();
  const most = Math.max(...candidates.map(({ weight }) => weight));
  const next = order.map(() => 0);
  const target = order.map(() => 0);
  for (let filled = 0, iteration = 1; ; iteration++) {
    for (const [i, id] of order.entries()) {
      const owner = candidates.findIndex((each) => each.id === id);
      if (iteration * (candidates[owner] as Candidate).weight < (target[i] as number)) continue;
      target[i] = (target[i] as number) + most;
      const permutation = (j: number) =>
        ((murmur3(id, 0) % size) + j * ((murmur3(id, 1) % (size - 1)) + 1)) % size;
      while ((entry[permutation(next[i] as number)] as number) >= 0)
        next[i] = (next[i] as number) + 1;
      entry[permutation(next[i] as number)] = owner;
      next[i] = (next[i] as number) + 1;
      if (++filled === size) return entry;
    }
  }
}
