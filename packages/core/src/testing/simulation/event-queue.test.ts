import fc from "fast-check";
import { expect, it } from "vitest";
import { EventQueue } from "./event-queue.js";

/** Takes all, by what each does. */
function takeAll(queue: EventQueue): void {
  for (let action = queue.take(); action !== undefined; action = queue.take()) action();
}

it("takes what happens first, and of one time what was planned first", () => {
  const seen: string[] = [];
  const queue = new EventQueue();
  for (const [at, name] of [
    [2, "c"],
    [1, "a"],
    [2, "d"],
    [1, "b"],
  ] as const)
    queue.plan(at, () => seen.push(name));
  expect(queue.nextAt).toBe(1);
  takeAll(queue);
  expect(seen).toEqual(["a", "b", "c", "d"]);
  expect(queue.nextAt).toBe(Number.POSITIVE_INFINITY);
  expect(queue.take()).toBeUndefined();
});

it("takes any times in the order that a stable sort gives them", () => {
  const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ noNaN: true })));
  fc.assert(
    fc.property(times, (all) => {
      const seen: number[] = [];
      const queue = new EventQueue();
      for (const [index, at] of all.entries()) queue.plan(at, () => seen.push(index));
      takeAll(queue);
      const sorted = all
        .map((at, index) => ({ at, index }))
        .toSorted((a, b) => compare(a.at, b.at));
      expect(seen).toEqual(sorted.map(({ index }) => index));
    }),
    { seed: 5, numRuns: 300 },
  );
});

it("is a sorted list to which is added and from which is taken in any order", () => {
  const step = fc.option(fc.integer({ min: 0, max: 20 }), { freq: 2 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue();
      const model: { readonly at: number; readonly turn: number }[] = [];
      const taken: number[] = [];
      for (const [turn, at] of steps.entries()) {
        if (at !== null) {
          queue.plan(at, () => taken.push(turn));
          model.push({ at, turn });
          model.sort((a, b) => a.at - b.at || a.turn - b.turn);
        } else {
          const first = model.shift();
          queue.take()?.();
          expect(taken.at(-1)).toBe(first === undefined ? taken.at(-1) : first.turn);
        }
        expect(queue.nextAt).toBe(model[0]?.at ?? Number.POSITIVE_INFINITY);
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

// The difference of two infinite times is no number.
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
