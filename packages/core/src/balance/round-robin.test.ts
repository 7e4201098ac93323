import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import { roundRobin } from "./round-robin.js";
import { longestRun } from "./turn-figures.js";

describe.each(balancerCases(roundRobin))("$name", ({ run }) => it("holds", run));

const turns = (weights: readonly number[], count: number, from = 0) => {
  const candidates = weights.map((weight, index) => ({ id: String(index), weight, inFlight: 0 }));
  const prepared = roundRobin.prepare?.(candidates);
  return Array.from({ length: count }, (_, turn) =>
    roundRobin.pick({ candidates, draw: listed(0), now: 1_000, cursor: from + turn, prepared }),
  );
};
const countsOf = (picked: readonly number[], length: number) => {
  const counts = new Array<number>(length).fill(0);
  for (const each of picked) counts[each] = (counts[each] as number) + 1;
  return counts;
};

const ones = (count: number) => new Array<number>(count).fill(1);
const windowOff = (picked: readonly number[], weights: readonly number[]) => {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const counts = countsOf(picked, weights.length);
  return Math.max(
    ...weights.map((weight, index) =>
      Math.abs((counts[index] as number) - (picked.length * weight) / sum),
    ),
  );
};

it("takes candidates in the order of the list, and starts over", () => {
  expect(turns([1, 1, 1], 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

it("starts with the first without a cursor", () => {
  const candidates = ["a", "b"].map((id) => ({ id, weight: 1, inFlight: 0 }));
  expect(roundRobin.pick({ candidates, draw: listed(0), now: 1_000 })).toBe(0);
});

it("spreads turns over the cycle", () => {
  expect(turns([5, 1, 1], 7)).toEqual([0, 0, 0, 1, 0, 2, 0]);
  expect(turns([1, 2], 6)).toEqual([1, 0, 1, 1, 0, 1]);
  expect(longestRun(turns([100, ...ones(100)], 200))).toBe(1);
});

it("gives each its exact share of every cycle, wherever that starts", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
      fc.nat(1_000),
      (weights, from) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        expect(countsOf(turns(weights, sum, from), weights.length)).toEqual(weights);
      },
    ),
  );
});

it("gives each its share of any window of turns, to less than two turns, for every list of weights", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 10, 50), {
        minLength: 2,
        maxLength: 36,
      }),
      fc.nat(5_000),
      fc.integer({ min: 1, max: 300 }),
      (weights, from, length) => {
        expect(windowOff(turns(weights, length, from), weights)).toBeLessThan(2);
      },
    ),
  );
});

it("takes fractions by their digits", () => {
  expect(countsOf(turns([0.5, 1.25], 7), 2)).toEqual([2, 5]);
  expect(countsOf(turns([0.001, 1], 1_001), 2)).toEqual([1, 1_000]);
  expect(countsOf(turns([1.004, 1], 501), 2)).toEqual([251, 250]);
});

it("gives exact shares over long cycles too, wherever they start", () => {
  const weights = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? 1 : 100));
  expect(countsOf(turns(weights, 101_000, 7_000_123), 2_000)).toEqual(weights);
  expect(countsOf(turns([1_000_003, 1], 1_000_004), 2)).toEqual([1_000_003, 1]);
});

it("gives each its share of any window of a long cycle, to less than four turns, for every list of weights", () => {
  const weight = fc.oneof(
    fc.integer({ min: 70_000, max: 300_000 }),
    fc.integer({ min: 1, max: 300_000 }),
    fc.double({ min: 0.01, max: 1_000, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 36 }),
      fc.nat(2 ** 31),
      fc.integer({ min: 1, max: 3_000 }),
      (weights, from, length) => {
        expect(windowOff(turns(weights, length, from), weights)).toBeLessThan(4);
      },
    ),
  );
});

it("keeps shares that no cycle has exactly", () => {
  const weights = [Math.PI, Math.SQRT2, Math.E / 1_000];
  expect(windowOff(turns(weights, 100_000), weights)).toBeLessThan(4);
});
