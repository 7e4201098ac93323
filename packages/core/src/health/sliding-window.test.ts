import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCall, clearSlidingWindow, newSlidingWindow, sumCalls } from "./sliding-window.js";

const WINDOW_MS = 10_000;

const sum = (window = newSlidingWindow(), now = 0, windowMs = WINDOW_MS) => {
  const counts = { calls: 0, failures: 0, slow: 0 };
  sumCalls(window, windowMs, counts, now);
  return counts;
};

const windowOf = (...times: readonly number[]) => {
  const window = newSlidingWindow();
  for (const time of times) addCall(window, WINDOW_MS, true, false, time);
  return window;
};

describe("a sliding window", () => {
  it("counts calls, failures and slow calls apart", () => {
    const window = newSlidingWindow();
    addCall(window, WINDOW_MS, false, false, 50_000);
    addCall(window, WINDOW_MS, true, false, 50_000);
    addCall(window, WINDOW_MS, true, true, 50_100);
    addCall(window, WINDOW_MS, false, true, 50_200);
    expect(sum(window, 50_200)).toEqual({ calls: 4, failures: 2, slow: 2 });
  });

  it("forgets a call when the window has passed, to a tenth of it", () => {
    const window = windowOf(50_000, 50_999, 51_000);
    expect(sum(window, 59_999).calls).toBe(3);
    expect(sum(window, 60_000).calls).toBe(1);
    expect(sum(window, 60_999).calls).toBe(1);
    expect(sum(window, 61_000).calls).toBe(0);
  });

  it("puts new calls where the old ones were forgotten", () => {
    const window = windowOf(50_000, 50_000, 60_000);
    expect(sum(window, 60_000)).toEqual({ calls: 1, failures: 1, slow: 0 });
  });

  it("is empty after a long silence", () => {
    const window = windowOf(50_000, 9_050_000);
    expect(sum(window, 9_050_000).calls).toBe(1);
    expect(sum(windowOf(50_000), 9_050_000).calls).toBe(0);
  });

  it("holds nothing once it is cleared", () => {
    const window = windowOf(50_000);
    addCall(window, WINDOW_MS, true, true, 50_000);
    clearSlidingWindow(window);
    expect(sum(window, 50_000)).toEqual({ calls: 0, failures: 0, slow: 0 });
    addCall(window, WINDOW_MS, false, true, 50_500);
    expect(sum(window, 50_500)).toEqual({ calls: 1, failures: 0, slow: 1 });
  });

  it("changes nothing when it is summed up", () => {
    const window = windowOf(50_000, 53_000);
    const before = JSON.stringify(window);
    sum(window, 54_000);
    sum(window, 99_000);
    expect(JSON.stringify(window)).toBe(before);
  });

  it("goes on with another length", () => {
    const window = windowOf(50_000, 50_000);
    addCall(window, 1_000, true, false, 50_050);
    expect(sum(window, 50_050, 1_000).calls).toBe(3);
    expect(sum(window, 51_000, 1_000).calls).toBe(0);
  });

  it("takes a clock that stands still or steps back for the running bucket", () => {
    const window = windowOf(50_000, 50_000, 49_000);
    expect(sum(window, 49_000).calls).toBe(3);
  });

  it("keeps, for every sequence of calls, each one at least nine tenths of the window and at most all of it", () => {
    const steps = fc.array(fc.tuple(fc.nat(3_000), fc.boolean(), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(12_000), (calls, afterMs) => {
        const window = newSlidingWindow();
        const times: number[] = [];
        let now = 50_000;
        for (const [stepMs, isFailure, isSlow] of calls) {
          now += stepMs;
          times.push(now);
          addCall(window, WINDOW_MS, isFailure, isSlow, now);
        }
        now += afterMs;
        const counts = sum(window, now);
        const within = (ms: number) => times.filter((time) => now - time < ms).length;
        expect(counts.calls).toBeGreaterThanOrEqual(within(WINDOW_MS * 0.9));
        expect(counts.calls).toBeLessThanOrEqual(within(WINDOW_MS));
        for (const count of [counts.failures, counts.slow]) {
          expect(count).toBeGreaterThanOrEqual(0);
          expect(count).toBeLessThanOrEqual(counts.calls);
        }
      }),
      { seed: 1 },
    );
  });
});
