import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, backoffRule } from "./backoff.js";

describe("the pause after failures", () => {
  const rule = backoffRule({ baseMs: 100, maxMs: 1000 });

  it("is drawn between the floor and a bound that doubles", () => {
    const highest = [1, 2, 3, 4, 5].map((failures) => backoffMs(rule, failures, 0.5));
    expect(highest).toEqual([150, 250, 450, 550, 550]);
    expect(backoffMs(rule, 9, 0)).toBe(100);
  });

  it("is between the bounds for every number of failures and every draw", () => {
    const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), draws, (failures, draw) => {
        const ms = backoffMs(rule, failures, draw);
        expect(ms).toBeGreaterThanOrEqual(100);
        expect(ms).toBeLessThanOrEqual(1000);
      }),
      { seed: 1 },
    );
  });

  it("may be one and the same always", () => {
    expect(backoffMs(backoffRule({ baseMs: 70, maxMs: 70 }), 3, 0.9)).toBe(70);
  });
});

it("refuses bounds that cannot be", () => {
  expect(() => backoffRule({ baseMs: 0 })).toThrow(
    new RangeError("backoff.baseMs: expected a number from 1 to 2147483647, got 0"),
  );
  expect(() => backoffRule({ baseMs: 500, maxMs: 400 })).toThrow(
    new RangeError("backoff.maxMs: expected a number from 500 to 2147483647, got 400"),
  );
  expect(() => backoffRule({ maxMs: Number.NaN })).toThrow(RangeError);
});
