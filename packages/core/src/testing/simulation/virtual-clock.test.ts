import fc from "fast-check";
import { expect, it } from "vitest";
import { TimeLimit } from "./time-limit.js";
import { VirtualClock } from "./virtual-clock.js";

it("moves to the time of what happens, and to that of what comes of it", () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  clock.after(10, () => {
    seen.push(clock.now);
    clock.after(5, () => seen.push(clock.now));
    clock.at(12, () => seen.push(clock.now));
  });
  clock.at(Number.POSITIVE_INFINITY, () => seen.push(-1));
  clock.run();
  expect(seen).toEqual([10, 12, 15]);
});

it("tells of each limit that was not cleared, at its time", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 30 }),
    limitMs: fc.constantFrom(5, 20, 60),
    clearedAfterMs: fc.option(fc.integer({ min: 0, max: 70 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new VirtualClock();
      const told: string[] = [];
      const wanted: { readonly at: number; readonly name: string }[] = [];
      let from = 0;
      for (const [index, { afterMs, limitMs, clearedAfterMs }] of steps.entries()) {
        from += afterMs;
        const name = `${index} at ${from + limitMs}`;
        const limit = new TimeLimit({ onLimit: () => told.push(`${index} at ${clock.now}`) });
        clock.at(from, () => clock.limit(limit, limitMs));
        // At the same time either may come first.
        if (clearedAfterMs !== null && clearedAfterMs !== limitMs)
          clock.at(from + clearedAfterMs, () => limit.clear());
        if (clearedAfterMs === null || clearedAfterMs >= limitMs)
          wanted.push({ at: from + limitMs, name });
      }
      clock.run();
      expect(told.toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
    }),
    { seed: 5, numRuns: 300 },
  );
});

it("begins a limit anew when it is set again, by the same length or another", () => {
  const clock = new VirtualClock();
  const told: number[] = [];
  const limit = new TimeLimit({ onLimit: () => told.push(clock.now) });
  clock.limit(limit, 10);
  clock.at(5, () => clock.limit(limit, 10));
  clock.at(12, () => clock.limit(limit, 100));
  clock.run();
  expect(told).toEqual([112]);
});
