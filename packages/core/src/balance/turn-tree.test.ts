import fc from "fast-check";
import { expect, it } from "vitest";
import { longestRun, mostOff } from "./turn-figures.js";
import { turnAt, turnTree } from "./turn-tree.js";

const cycle = (weights: readonly number[]) => {
  const tree = turnTree(weights);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Uint32Array.from({ length: sum }, (_, turn) => turnAt(tree, turn));
};

it("spreads the turns of each over the cycle", () => {
  expect([...cycle([5, 1, 1])]).toEqual([0, 1, 0, 0, 0, 2, 0]);
  expect(longestRun(cycle([100, ...new Array<number>(100).fill(1)]))).toBe(1);
});

it("begins again after a cycle", () => {
  const tree = turnTree([3, 2, 2]);
  for (let turn = 0; turn < 7; turn++)
    expect(turnAt(tree, turn + 7_000_000)).toBe(turnAt(tree, turn));
});

it("is off by less than two turns after any number of turns, for every list of weights", () => {
  const weight = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 500 }));
  fc.assert(
    fc.property(fc.array(weight, { minLength: 2, maxLength: 40 }), (weights) => {
      expect(mostOff(cycle(weights), weights)).toBeLessThan(2);
    }),
  );
});

it("is exact in long cycles", () => {
  const weights = [700_001, 700_002, 600_000];
  const counts = [0, 0, 0];
  for (const taker of cycle(weights)) counts[taker] = (counts[taker] as number) + 1;
  expect(counts).toEqual(weights);
});

it("puts a single turn into the middle of the longest of cycles", () => {
  const tree = turnTree([16_777_215, 1]);
  const light = [0, 8_388_606, 8_388_607, 8_388_608, 8_388_609, 16_777_215].filter(
    (turn) => turnAt(tree, turn) === 1,
  );
  expect(light).toEqual([8_388_607]);
});
