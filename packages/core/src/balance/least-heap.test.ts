import fc from "fast-check";
import { expect, it } from "vitest";
import { popLeast, pushNumber } from "./least-heap.js";

it("gives back in ascending order what was put in, for every list of numbers", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (numbers) => {
      const heap: number[] = [];
      for (const number of numbers) pushNumber(heap, number);
      const sorted = numbers.toSorted((a, b) => a - b);
      expect(numbers.map(() => popLeast(heap))).toEqual(sorted);
      expect(heap).toEqual([]);
    }),
  );
});

it("takes numbers while others are taken out", () => {
  const heap: number[] = [];
  for (const number of [5, 3, 9]) pushNumber(heap, number);
  expect(popLeast(heap)).toBe(3);
  pushNumber(heap, 1);
  pushNumber(heap, 7);
  expect([popLeast(heap), popLeast(heap), popLeast(heap), popLeast(heap)]).toEqual([1, 5, 7, 9]);
});
