import fc from "fast-check";
import { expect, it } from "vitest";
import { sumOf, wholeWeights } from "./whole-weights.js";

it("answers the smallest whole numbers of the same shares", () => {
  expect(wholeWeights([200, 300])).toEqual([2, 3]);
  expect(wholeWeights([0.5, 1.25])).toEqual([2, 5]);
  expect(wholeWeights([0.001, 1])).toEqual([1, 1_000]);
  expect(wholeWeights([1.004, 1])).toEqual([251, 250]);
  expect(wholeWeights([2e-9, 3e-9])).toEqual([2, 3]);
  expect(wholeWeights([3e12, 6e12])).toEqual([1, 2]);
  expect(wholeWeights([8_388_609, 8_388_607])).toEqual([8_388_609, 8_388_607]);
});

it("takes what was worked out by dividing or adding for what was meant", () => {
  expect(wholeWeights([0.1 + 0.2, 0.15000000000000002, 1])).toEqual([6, 3, 20]);
});

it("is exact for every list of decimal fractions whose whole numbers sum up to 16 777 216 at most", () => {
  const decimal = fc.record({ whole: fc.integer({ min: 1, max: 400_000 }), digits: fc.nat(9) });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 2, maxLength: 40 }),
      decimal,
      (whole, { digits }) => {
        const weights = whole.map((each) => Number(`${each}e-${digits}`));
        expect(wholeWeights(weights)).toEqual(wholeWeights(whole));
        const [first = 0] = whole;
        const [scaled = 0] = wholeWeights(weights);
        for (const [index, each] of wholeWeights(weights).entries())
          expect(each * first).toBe((whole[index] as number) * scaled);
      },
    ),
  );
});

it("rounds others to a 16 777 216th of the sum, for every list of weights", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 }),
      (weights) => {
        const whole = wholeWeights(weights);
        const off = 0.5 / 16_777_216;
        for (const [index, each] of whole.entries()) {
          if (each === 1) continue;
          const share = (weights[index] as number) / sumOf(weights);
          const error = Math.abs(each / sumOf(whole) - share);
          expect(error).toBeLessThanOrEqual((off + 2 * off * weights.length * share) * 1.001);
        }
      },
    ),
  );
});

it("gives the lightest one turn, and stands weights that are hardly numbers any more", () => {
  expect(wholeWeights([1e12, 1])).toEqual([16_777_216, 1]);
  for (const weight of [Number.MIN_VALUE, 1e-300, 1e300, Number.MAX_VALUE]) {
    const whole = wholeWeights([weight, 1, weight]);
    expect(Math.min(...whole)).toBeGreaterThanOrEqual(1);
    expect(sumOf(whole)).toBeLessThanOrEqual(16_777_219);
  }
});
