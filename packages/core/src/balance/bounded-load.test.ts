import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import type { Balancer, Candidate } from "./balancer.js";
import { boundOf, checkBoundedLoad, hasRoom, leastLoaded } from "./bounded-load.js";
import { consistentHash, consistentHashWith } from "./consistent-hash.js";
import { instances } from "./key-figures.js";
import { maglevWith } from "./maglev.js";
import { rendezvous, rendezvousWith } from "./rendezvous.js";

const loaded = (id: string, inFlight: number, weight = 1): Candidate => ({ id, weight, inFlight });

describe("the bound", () => {
  it("is the multiple of the average, rounded up, the request to come counted in", () => {
    const candidates = [loaded("a", 2), loaded("b", 1), loaded("c", 0)];
    const bound = boundOf({ candidates, draw: listed(0), now: 0 }, 1.25, 3);
    // 1.25 x 4 / 3, so 2.
    expect(candidates.map((each) => hasRoom(each, bound))).toEqual([false, true, true]);
  });

  it("is in proportion to weight", () => {
    const candidates = [loaded("a", 4, 3), loaded("b", 1)];
    const bound = boundOf({ candidates, draw: listed(0), now: 0 }, 1.5, 4);
    // 1.5 x 6 = 9 in all: 6.75 and 2.25, so 7 and 3.
    expect(hasRoom(loaded("a", 6, 3), bound)).toBe(true);
    expect(hasRoom(loaded("a", 7, 3), bound)).toBe(false);
    expect(hasRoom(loaded("b", 2), bound)).toBe(true);
    expect(hasRoom(loaded("b", 3), bound)).toBe(false);
  });

  it("goes by the sum that is handed in", () => {
    const candidates = [loaded("a", 2), loaded("b", 1)];
    const input = { candidates, draw: listed(0), now: 0 };
    expect(boundOf({ ...input, inFlight: 7 }, 1.5, 2)).toBe(6);
    expect(boundOf(input, 1.5, 2)).toBe(3);
  });

  it("leaves room for one request at least", () => {
    const candidates = instances(100);
    const bound = boundOf({ candidates, draw: listed(0), now: 0 }, 1.01, 100);
    expect(hasRoom(candidates[0] as Candidate, bound)).toBe(true);
  });

  it("is not there unless asked for", () => {
    const bound = boundOf({ candidates: [], draw: listed(0), now: 0 }, undefined, 1);
    expect(hasRoom(loaded("a", 1e9), bound)).toBe(true);
  });

  it("must not be less than the average", () => {
    for (const wrong of [0.99, 0, -2, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkBoundedLoad(wrong)).toThrow(
        new RangeError(`boundedLoad: expected a finite number >= 1, got ${wrong}`),
      );
    }
    expect(() => checkBoundedLoad(1)).not.toThrow();
    expect(() => checkBoundedLoad(undefined)).not.toThrow();
  });
});

describe("the least loaded", () => {
  it("is so for its weight, the lesser id of equals", () => {
    expect(leastLoaded([loaded("a", 5), loaded("b", 8, 2), loaded("c", 6)])).toBe(1);
    expect(leastLoaded([loaded("b", 2), loaded("c", 2), loaded("a", 2)])).toBe(2);
    expect(leastLoaded([loaded("a", 2)])).toBe(0);
  });
});

describe.each([
  [
    "consistent-hash",
    consistentHash,
    consistentHashWith({ boundedLoad: 1.25 }),
    consistentHashWith({ boundedLoad: 1 }),
  ],
  [
    "maglev",
    maglevWith({ tableSize: 251 }),
    maglevWith({ tableSize: 251, boundedLoad: 1.25 }),
    maglevWith({ tableSize: 251, boundedLoad: 1 }),
  ],
  [
    "rendezvous",
    rendezvous,
    rendezvousWith({ boundedLoad: 1.25 }),
    rendezvousWith({ boundedLoad: 1 }),
  ],
] as const)("%s with a bound", (_, unbounded, bounded, tight) => {
  it("places as without one while there is room", () => {
    const candidates = instances(5);
    for (let key = 0; key < 200; key++)
      expect(pick(bounded, candidates, key)).toBe(pick(unbounded, candidates, key));
  });

  it("passes a full one over to another, always the same", () => {
    const idle = instances(5);
    const own = pick(bounded, idle, 7);
    const full = idle.map((each, index) => ({ ...each, inFlight: index === own ? 9 : 2 }));
    const next = pick(bounded, full, 7);
    expect(next).not.toBe(own);
    expect(pick(bounded, full, 7)).toBe(next);
  });

  it("spreads the keys of a full one over all others", () => {
    const idle = instances(5);
    const full = idle.map((each, index) => ({ ...each, inFlight: index === 2 ? 9 : 2 }));
    const taken = new Set<number>();
    for (let key = 0; key < 500; key++)
      if (pick(bounded, idle, key * 7_919) === 2) taken.add(pick(bounded, full, key * 7_919));
    expect([...taken].sort()).toEqual([0, 1, 3, 4]);
  });

  it("takes the least loaded when a wrong sum leaves room nowhere", () => {
    const candidates = [loaded("a", 7), loaded("b", 5), loaded("c", 6)];
    const input = { candidates, draw: listed(0), now: 0, inFlight: 0 };
    for (let key = 0; key < 20; key++) expect(bounded.pick({ ...input, key })).toBe(1);
  });

  it("keeps the bound at each pick, in every sequence of picks and ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 9, noNaN: true }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.oneof(fc.record({ key: fc.nat(3) }), fc.record({ end: fc.nat(99) })), {
          minLength: 30,
          maxLength: 80,
        }),
        (weights, steps) => keepsBound(bounded, 1.25, weights, steps),
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  it("has room for every request with the tightest bound too", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 9, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (weights) => keepsBound(tight, 1, weights, new Array<Step>(60).fill({ key: 1 })),
      ),
      { numRuns: 60, seed: 5 },
    );
  });
});

type Step = { readonly key: number } | { readonly end: number };

function keepsBound(
  balancer: Balancer,
  factor: number,
  weights: readonly number[],
  steps: readonly Step[],
): void {
  const candidates = weights.map((weight, index) => ({ id: `i${index}`, weight, inFlight: 0 }));
  const weight = weights.reduce((a, b) => a + b);
  const prepared = balancer.prepare?.(candidates);
  const running: number[] = [];
  for (const step of steps) {
    if ("end" in step) {
      const [ended] = running.splice(step.end % Math.max(1, running.length), 1);
      const candidate = candidates[ended ?? -1];
      if (candidate !== undefined) candidate.inFlight--;
      continue;
    }
    // The keys are few, so that without a bound most requests are at one candidate.
    const draw = listed(0);
    const index = balancer.pick({ candidates, draw, now: 0, key: step.key, prepared });
    const picked = candidates[index] as (typeof candidates)[number];
    picked.inFlight++;
    running.push(index);
    const bound = Math.ceil(((factor * running.length) / weight) * picked.weight);
    expect(picked.inFlight).toBeLessThanOrEqual(bound);
  }
}

function pick(balancer: Balancer, candidates: readonly Candidate[], key: number): number {
  return balancer.pick({ candidates, draw: listed(0), now: 0, key });
}
