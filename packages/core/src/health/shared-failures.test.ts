import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../outcome.js";
import {
  failureShareAfter,
  moveInTally,
  rowFactor,
  shareOfBest,
  tallyOf,
} from "./shared-failures.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const answer = (status: number): Outcome => ({ kind: "response", status, totalMs: 5 });
const NOW = 1_000;
const withShare = (failureShare: number, ejectedUntil = 0) => ({ failureShare, ejectedUntil });
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
    return shareOfBest(tallyOf(all, isEligible, NOW), own);
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
    const tally = tallyOf(all, isEligible, NOW);
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
              isEligible,
              NOW,
            ),
          );
        },
      ),
    );
  });
});
