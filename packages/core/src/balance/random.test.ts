import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import { random } from "./random.js";

describe.each(balancerCases(random))("$name", ({ run }) => it("holds", run));

const at = (weights: readonly number[], draw: number) =>
  random.pick({
    candidates: weights.map((weight, index) => ({ id: String(index), weight, inFlight: 0 })),
    draw: listed(draw),
    now: 1_000,
  });

it("takes the candidate in whose share the draw falls", () => {
  expect([0, 0.3, 0.4, 0.7, 0.99].map((draw) => at([1, 1, 1], draw))).toEqual([0, 0, 1, 2, 2]);
  expect([0, 0.74, 0.75, 0.99].map((draw) => at([3, 1], draw))).toEqual([0, 0, 1, 1]);
});

it("draws once, and does not look at load", () => {
  let draws = 0;
  const draw = () => {
    draws++;
    return 0;
  };
  const candidates = [
    { id: "a", weight: 1, inFlight: 99 },
    { id: "b", weight: 1, inFlight: 0 },
  ];
  expect(random.pick({ candidates, draw, now: 1_000 })).toBe(0);
  expect(draws).toBe(1);
});

it("shares an even grid of draws exactly by weight", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
      (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const counts = weights.map(() => 0);
        for (let i = 0; i < sum; i++) {
          const index = at(weights, (i + 0.5) / sum);
          counts[index] = (counts[index] as number) + 1;
        }
        expect(counts).toEqual(weights);
      },
    ),
  );
});
