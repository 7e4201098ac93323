import fc from "fast-check";
import { expect, it } from "vitest";
import { Pauses } from "./pauses.js";

it.each([
  { what: "no pause", pauses: [], end: 30 },
  { what: "one that is over", pauses: [{ fromMs: 0, toMs: 10 }], end: 30 },
  { what: "one that comes later", pauses: [{ fromMs: 30, toMs: 90 }], end: 30 },
  { what: "one in the middle", pauses: [{ fromMs: 20, toMs: 25 }], end: 35 },
  { what: "one that began before", pauses: [{ fromMs: 0, toMs: 25 }], end: 45 },
  { what: "one around it", pauses: [{ fromMs: 0, toMs: 100 }], end: 120 },
  { what: "one that never ends", pauses: [{ fromMs: 20 }], end: Number.POSITIVE_INFINITY },
  {
    what: "two that overlap",
    pauses: [
      { fromMs: 22, toMs: 40 },
      { fromMs: 20, toMs: 30 },
    ],
    end: 50,
  },
  {
    what: "one that it reaches by another",
    pauses: [
      { fromMs: 20, toMs: 25 },
      { fromMs: 32, toMs: 40 },
    ],
    end: 43,
  },
])("ends what begins at 10 and takes 20 at $end with $what", ({ pauses, end }) => {
  expect(new Pauses(pauses).endOf(10, 20)).toBe(end);
});

it("counts as worked what went on, up to the end and before it", () => {
  const piece = fc.record({
    fromMs: fc.integer({ min: 0, max: 50 }),
    length: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 6 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (pieces, from, ms) => {
        const list = pieces.map(({ fromMs, length }) => ({ fromMs, toMs: fromMs + length }));
        const pauses = new Pauses(list);
        const end = pauses.endOf(from, ms);
        expect(pauses.workedIn(from, end)).toBe(ms);
        // Millisecond by millisecond.
        let worked = 0;
        let at = from;
        while (worked < ms) {
          if (!list.some(({ fromMs, toMs }) => fromMs <= at && at < toMs)) worked++;
          at++;
        }
        expect(end).toBe(at);
      },
    ),
    { seed: 5, numRuns: 500 },
  );
});
