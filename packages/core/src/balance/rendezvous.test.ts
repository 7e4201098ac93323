import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import { instances, loads, movedByLeaving, placed } from "./key-figures.js";
import { rendezvous, rendezvousWith } from "./rendezvous.js";

describe.each([
  ...balancerCases(rendezvous),
  ...balancerCases(rendezvousWith({ boundedLoad: 1.25 }), { boundedLoad: 1.25 }),
])("$name", ({ run }) => it("holds", run));

const KEYS = 20_000;

describe("rendezvous", () => {
  it("gives keys by weight, within a twentieth", () => {
    const candidates = instances(5, (index) => index + 1);
    for (const load of loads(candidates, placed(rendezvous, candidates, KEYS))) {
      expect(load).toBeGreaterThan(0.95);
      expect(load).toBeLessThan(1.05);
    }
  });

  it.each([
    [3, 1.02],
    [10, 1.02],
    [100, 1.1],
  ])("loads the fullest of %i with at most %d of its share", (count, most) => {
    const candidates = instances(count);
    const load = Math.max(...loads(candidates, placed(rendezvous, candidates, 100_000)));
    expect(load).toBeLessThan(most);
  });

  it.each([3, 10, 100])("moves no key of another when one of %i leaves", (count) => {
    expect(movedByLeaving(rendezvous, instances(count), count >> 1, KEYS)).toBe(0);
  });

  it("moves no key of another, whatever the weights and whoever leaves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 99, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.nat(7),
        (weights, leaver) => {
          const candidates = instances(weights.length, (index) => weights[index] as number);
          expect(movedByLeaving(rendezvous, candidates, leaver % weights.length, 500)).toBe(0);
        },
      ),
      { numRuns: 30, seed: 5 },
    );
  });

  it("only takes keys when a weight grows, from equal weights too", () => {
    const before = placed(rendezvous, instances(4), KEYS);
    const grown = instances(4, (index) => (index === 2 ? 2 : 1));
    const after = placed(rendezvous, grown, KEYS);
    const moved = after.filter((id, key) => before[key] !== id);
    expect(new Set(moved)).toEqual(new Set([grown[2]?.id]));
    // A share of 2/5 instead of 1/4.
    expect(moved.length / KEYS).toBeGreaterThan(0.14);
    expect(moved.length / KEYS).toBeLessThan(0.16);
  });

  it("places the same for the same ratio of weights", () => {
    const twice = placed(
      rendezvous,
      instances(4, (index) => 2 * (index + 1)),
      1_000,
    );
    expect(
      placed(
        rendezvous,
        instances(4, (index) => index + 1),
        1_000,
      ),
    ).toEqual(twice);
  });

  it("gives the lesser id what two score the same for", () => {
    const candidates = ["b", "a", "c"].map((id) => ({ id, weight: 1, inFlight: 0 }));
    const same = new Uint32Array(3);
    const prepared = { seeds: same, salts: same, isEven: true, weight: 3 };
    expect(rendezvous.pick({ candidates, draw: listed(0), now: 1_000, key: 1, prepared })).toBe(1);
  });
});

it("refuses a bound that makes no sense", () => {
  expect(() => rendezvousWith({ boundedLoad: Number.NaN })).toThrow(
    new RangeError("boundedLoad: expected a finite number >= 1, got NaN"),
  );
});
