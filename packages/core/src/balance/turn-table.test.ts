import fc from "fast-check";
import { expect, it } from "vitest";
import { longestRun, mostOff } from "./turn-figures.js";
import { turnTable } from "./turn-table.js";

it("spreads the turns of each over the cycle", () => {
  const inLetters = (weights: readonly number[]) =>
    [...turnTable(weights)].map((index) => "abcdefghijk"[index]).join("");
  // A rotation of the order of NGINX, which is aabacaa.
  expect(inLetters([5, 1, 1])).toBe("aaabaca");
  expect(inLetters([2, 1])).toBe("aba");
  expect(inLetters([1, 2])).toBe("bab");
  expect(inLetters([4, 3, 2, 1])).toBe("abacbabacd");
  expect(inLetters([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])).toBe("abacadaeafagahaiajak");
});

it("never gives two turns in a row to one that has half of them", () => {
  for (const others of [1, 2, 10, 100, 1_000])
    expect(longestRun(turnTable([others, ...new Array<number>(others).fill(1)]))).toBe(1);
});

it("is off by less than one turn after any number of turns, for every list of weights", () => {
  const weight = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 }));
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 40 }), (weights) => {
      const turns = turnTable(weights);
      expect(turns).toHaveLength(weights.reduce((sum, each) => sum + each, 0));
      expect(mostOff(turns, weights)).toBeLessThan(1);
    }),
  );
});

it("is off by less than one turn also in the longest of tables", () => {
  const weights = [40_000, 20_001, 5_000, 400, ...new Array<number>(135).fill(1)];
  expect(mostOff(turnTable(weights), weights)).toBeLessThan(1);
});
