import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextShareAt, nextStep, shareNow, warmUp, type SlowStartRule } from "./slow-start.js";

const WINDOW = 30_000;

describe("the share of an instance that warms up", () => {
  it("grows in a straight line from a tenth", () => {
    const shares = [0, 1_500, 3_000, 6_000, 15_000, 28_500, 30_000, 99_999].map((age) =>
      warmUp(age, WINDOW),
    );
    expect(shares).toEqual([0.1, 0.1, 0.1, 0.2, 0.5, 0.95, 1, 1]);
  });

  it("stays within a step", () => {
    expect(warmUp(15_000, WINDOW)).toBe(warmUp(16_499, WINDOW));
    expect(warmUp(16_500, WINDOW)).toBeCloseTo(0.55);
  });

  it("grows fast at first with an aggression above 1, and slowly below", () => {
    expect(warmUp(7_500, WINDOW, { aggression: 2 })).toBeCloseTo(0.5);
    expect(warmUp(15_000, WINDOW, { aggression: 0.5 })).toBeCloseTo(0.25);
  });

  it("begins with the share that is asked for, and never with nothing", () => {
    expect(warmUp(0, WINDOW, { minimumShare: 0.4 })).toBe(0.4);
    expect(warmUp(-5, WINDOW)).toBe(0.1);
    expect(warmUp(0, WINDOW, { minimumShare: 0 })).toBeCloseTo(1 / WINDOW);
  });

  it("is whole without a window", () => {
    expect(warmUp(0, 0)).toBe(1);
    expect(nextStep(0, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the next step", () => {
  it("is a twentieth of the window away at most, and the last is its end", () => {
    expect(
      [-5, 0, 1_499, 1_500, 28_499, 28_500, 29_999].map((age) => nextStep(age, WINDOW)),
    ).toEqual([1_500, 1_500, 1_500, 3_000, 28_500, 30_000, 30_000]);
    expect(nextStep(30_000, WINDOW)).toBe(Number.POSITIVE_INFINITY);
  });

  it("leads to the end in twenty steps at most, each later and with no smaller share, for every window", () => {
    const positive = fc.double({ min: 1e-3, max: 1e7, noNaN: true });
    const options = fc.record({
      aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
      minimumShare: fc.double({ min: 0.001, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(positive, options, (windowMs, option) => {
        let age = 0;
        let steps = 0;
        while (age < windowMs) {
          const next = nextStep(age, windowMs);
          expect(next).toBeGreaterThan(age);
          const share = warmUp(age, windowMs, option);
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThanOrEqual(warmUp(next, windowMs, option));
          expect(warmUp((age + next) / 2, windowMs, option)).toBe(share);
          age = next;
          steps++;
        }
        expect(warmUp(age, windowMs, option)).toBe(1);
        expect(steps).toBeLessThanOrEqual(20);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe("an instance", () => {
  const rule: SlowStartRule = { slowStartMs: 20_000, returnMs: 10_000 };
  const NOW = 100_000;

  it("warms up when it joins, and when it returns from an ejection", () => {
    expect(shareNow(rule, { joinedAt: NOW - 10_000, ejectedUntil: 0, resumedAt: 0 }, NOW)).toBe(
      0.5,
    );
    expect(
      shareNow(rule, { joinedAt: 0, ejectedUntil: NOW - 3_000, resumedAt: 0 }, NOW),
    ).toBeCloseTo(0.3);
    expect(
      shareNow(rule, { joinedAt: NOW - 10_000, ejectedUntil: NOW - 3_000, resumedAt: 0 }, NOW),
    ).toBeCloseTo(0.3);
  });

  it("warms up when it comes back from a drain or from failed probes, in the longer of the two times", () => {
    const back = { joinedAt: 0, ejectedUntil: 0, resumedAt: NOW - 5_000 };
    expect(shareNow(rule, back, NOW)).toBe(0.25);
    expect(shareNow({ slowStartMs: 0, returnMs: 10_000 }, back, NOW)).toBe(0.5);
    expect(nextShareAt(rule, back, NOW)).toBe(NOW + 1_000);
  });

  it("is warm when it was there from the beginning, however young the clock", () => {
    expect(shareNow(rule, { joinedAt: 0, ejectedUntil: 0, resumedAt: 0 }, 5)).toBe(1);
    expect(nextShareAt(rule, { joinedAt: 0, ejectedUntil: 0, resumedAt: 0 }, 5)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("is warm at once where warming up is switched off", () => {
    const off = { slowStartMs: 0, returnMs: 0 };
    const young = { joinedAt: NOW, ejectedUntil: NOW, resumedAt: 0 };
    expect(shareNow(off, young, NOW)).toBe(1);
    expect(nextShareAt(off, young, NOW)).toBe(Number.POSITIVE_INFINITY);
  });

  it("says when its share changes", () => {
    expect(nextShareAt(rule, { joinedAt: NOW, ejectedUntil: 0, resumedAt: 0 }, NOW)).toBe(
      NOW + 1_000,
    );
    expect(nextShareAt(rule, { joinedAt: NOW, ejectedUntil: NOW - 100, resumedAt: 0 }, NOW)).toBe(
      NOW + 400,
    );
    expect(nextShareAt(rule, { joinedAt: NOW - 20_000, ejectedUntil: 0, resumedAt: 0 }, NOW)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});
