import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../outcome.js";
import type { PoolUse } from "./in-use.js";
import {
  failureShareAfter,
  followInPools,
  isShared,
  moveInTally,
  othersOf,
  rowFactor,
  shareOfBest,
  tallyOf,
  type Tallied,
} from "./shared-failures.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const answer = (status: number): Outcome => ({ kind: "response", status, totalMs: 5 });
const NOW = 1_000;
const used = (cursor: number): PoolUse => ({
  ...{ cursor, pinnedCursor: 0, copyCursor: 0 },
  workedOutBy: { tryAll: false, subset: {} },
});
const ALL = used(1);
const withShare = (failureShare: number, ejectedUntil = 0, version?: PoolUse) => {
  const pools = version === undefined ? [ALL] : [ALL, version];
  return { failureShare, ejectedUntil, pools, levels: pools.map(() => ({})) };
};
const isEligible = ({ ejectedUntil }: { ejectedUntil: number }, now: number) => ejectedUntil <= now;

describe("the share of failures of an instance", () => {
  it("is that of about the last ten attempts, client faults left out", () => {
    expect(failureShareAfter(0, refused)).toBeCloseTo(0.1);
    expect(failureShareAfter(0.5, answer(503))).toBeCloseTo(0.55);
    for (const status of [200, 404, 429, 500])
      expect(failureShareAfter(0.5, answer(status))).toBeCloseTo(0.45);
    expect(failureShareAfter(0.5, { kind: "cancelled", stage: "head" })).toBe(0.5);
  });

  it("stays in [0, 1] for every sequence", () => {
    const some = fc.array(fc.constantFrom(refused, answer(200), answer(503)), {
      maxLength: 400,
      size: "max",
    });
    fc.assert(
      fc.property(some, (outcomes) => {
        const share = outcomes.reduce(failureShareAfter, 0);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a row of failures", () => {
  it("is as long as configured where the others hardly fail, and as much longer as chance makes it else", () => {
    expect([0, 0.05].map(rowFactor)).toEqual([1, 1]);
    const longer = [0.1, 0.2, 0.4].map(rowFactor);
    expect(longer.map((factor) => Math.round(factor * 10) / 10)).toEqual([1.3, 1.9, 3.3]);
    expect([0.5, 1].map(rowFactor)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});

describe("the best quarter of the others", () => {
  const best = (own: number | undefined, ...others: readonly number[]) => {
    const all = [...others, ...(own === undefined ? [] : [own])].map((share) => withShare(share));
    return shareOfBest(tallyOf(all, 1, isEligible, NOW), own);
  };

  it("is whoever fails least of up to five", () => {
    expect(best(1, 0.9)).toBe(0.9);
    expect(best(1, 0.9, 0)).toBe(0);
    expect(best(1, 0.9, 0.9, 0)).toBe(0);
    expect(best(1, 0.9, 0.3, 0.9, 0.9)).toBe(0.3);
  });

  it("lets one of eight fail less by chance", () => {
    expect(best(1, 0.9, 0.9, 0.9, 0.9, 0, 0.9, 0.9, 0.9)).toBe(0.9);
    expect(best(1, 0.9, 0.9, 0.9, 0.9, 0, 0, 0.9, 0.9)).toBe(0);
  });

  it("fails never where there is nobody else", () => {
    expect(best(1)).toBe(0);
    expect(best(undefined)).toBe(0);
    expect(best(undefined, 1)).toBe(1);
  });

  it("is made up by those that are eligible", () => {
    const all = [withShare(0, NOW + 1), withShare(0.7), withShare(0.7)];
    const tally = tallyOf(all, 1, isEligible, NOW);
    expect(tally).toMatchObject({ eligible: 2, ejected: 1 });
    expect(shareOfBest(tally, 0.7)).toBe(0.7);
  });

  it("is the same kept up to date as counted anew, for every change", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(share, { minLength: 1 }),
        fc.array(fc.tuple(fc.nat(), share)),
        (start, changes) => {
          const shares = [...start];
          const tally = tallyOf(
            shares.map((each) => withShare(each)),
            1,
            isEligible,
            NOW,
          );
          for (const [n, after] of changes) {
            const index = n % shares.length;
            moveInTally(tally, shares[index] as number, after);
            shares[index] = after;
          }
          expect(tally).toEqual(
            tallyOf(
              shares.map((each) => withShare(each)),
              1,
              isEligible,
              NOW,
            ),
          );
        },
      ),
    );
  });
});

describe("the others to whom the traffic of an instance goes", () => {
  const v2 = used(1);
  const rare = used(0);
  const tally = (all: readonly Tallied[]) => tallyOf(all, 2, isEligible, NOW);
  const well = Array.from({ length: 8 }, () => withShare(0));

  it("are those of the version that requests come for, as few and as good as in the pool where that is least", () => {
    const [a, b] = [withShare(1, 0, v2), withShare(0.6, 0, v2)];
    const all = [...well, a, b];
    expect(othersOf(tally(all), a, true, 0.5)).toEqual({ eligible: 1, best: 0 });
    expect(isShared(tally(all), a, 0.5)).toBe(false);
    const alone = used(0);
    const [c, d] = [a, b].map((each) => ({ ...each, pools: [alone, v2] }));
    const others = tally([...well, c as Tallied, d as Tallied]);
    expect(othersOf(others, c as Tallied, true, 0.5)).toEqual({ eligible: 1, best: 0.6 });
    expect(isShared(others, c as Tallied, 0.5)).toBe(true);
  });

  it("are all where nobody asks for the version", () => {
    const a = withShare(1, 0, rare);
    expect(othersOf(tally([...well, a]), a, true, 0.5)).toEqual({ eligible: 8, best: 0 });
  });

  it("are those of the subset, and count as such", () => {
    const outside = Array.from({ length: 90 }, () => ({ ...withShare(0), levels: [undefined] }));
    const [a, b, c] = [withShare(1), withShare(0.4), withShare(1, NOW + 1)];
    const counted = tally([...outside, a, b, c]);
    expect(counted).toMatchObject({ inUse: 3, ejected: 1 });
    expect(othersOf(counted, a, true, 0.5)).toEqual({ eligible: 1, best: 0.4 });
    // One that the gateway has turned away from has all of them as others.
    expect(othersOf(counted, outside[0] as Tallied, true, 0.5)).toMatchObject({ eligible: 2 });
  });

  it("are the same followed as counted anew, for every change", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(share, fc.boolean()), { minLength: 1 }),
        fc.array(fc.tuple(fc.nat(), share)),
        (start, changes) => {
          const all = start.map(([each, isV2]) => ({
            ...withShare(each, 0, isV2 ? v2 : rare),
          }));
          const kept = tally(all);
          for (const [n, after] of changes) {
            const index = n % all.length;
            const one = all[index] as { failureShare: number } & Tallied;
            moveInTally(kept, one.failureShare, after);
            one.failureShare = after;
            followInPools(kept, one);
          }
          expect(kept).toEqual(tally(all));
        },
      ),
    );
  });
});
