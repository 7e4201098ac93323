import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import type { Candidate } from "./balancer.js";
import { observeLatency, peakEwma, peakEwmaWith } from "./peak-ewma.js";

describe.each([...balancerCases(peakEwma), ...balancerCases(peakEwmaWith({ draws: 4 }))])(
  "$name",
  ({ run }) => it("holds", run),
);

const NOW = 50_000;
const known = (id: string, latencyMs: number, inFlight = 0, weight = 1): Candidate => {
  return { id, weight, inFlight, latencyMs, latencyAt: NOW };
};
const unknown = (id: string, inFlight = 0): Candidate => ({ id, weight: 1, inFlight });
const picked = (candidates: readonly Candidate[], ...draws: readonly number[]) =>
  peakEwma.pick({ candidates, draw: listed(...draws), now: NOW });

describe("peakEwma", () => {
  it("takes the faster of the two it drew", () => {
    const candidates = [known("a", 90), known("b", 10), known("c", 1)];
    expect(picked(candidates, 0, 0.4)).toBe(1);
    expect(picked(candidates, 0.4, 0)).toBe(1);
    expect(picked(candidates, 0.9, 0.4)).toBe(2);
  });

  it("takes the first drawn when both cost the same", () => {
    const candidates = [known("a", 10, 1), known("b", 20, 0)];
    expect(picked(candidates, 0, 0.5)).toBe(0);
    expect(picked(candidates, 0.5, 0)).toBe(1);
  });

  it("counts the requests under way with the one to come", () => {
    expect(picked([known("a", 10, 2), known("b", 25, 0)], 0, 0.5)).toBe(1);
    expect(picked([known("a", 10, 1), known("b", 25, 0)], 0, 0.5)).toBe(0);
  });

  it("measures cost by weight", () => {
    expect(picked([known("a", 10, 4, 2), known("b", 20, 0)], 0, 0.9)).toBe(1);
    expect(picked([known("a", 10, 2, 2), known("b", 20, 0)], 0, 0.9)).toBe(0);
  });

  it("draws by weight", () => {
    const idle = [known("a", 10, 0, 3), known("b", 10, 0, 1)];
    const grid = Array.from({ length: 100 }, (_, i) => i / 100);
    expect(grid.filter((draw) => picked(idle, draw, draw) === 0)).toHaveLength(75);
  });

  it("forgets a latency as time passes", () => {
    const slowOnce = { ...known("a", 100), latencyAt: NOW - 20_000 };
    expect(picked([slowOnce, known("b", 13)], 0, 0.5)).toBe(1);
    expect(picked([slowOnce, known("b", 14)], 0, 0.5)).toBe(0);
  });

  it("does not let a latency from a later time grow", () => {
    const ahead = { ...known("a", 100), latencyAt: NOW + 20_000 };
    expect(picked([ahead, known("b", 101)], 0.5, 0)).toBe(0);
    expect(picked([ahead, known("b", 99)], 0, 0.5)).toBe(1);
  });

  it("tries one of which nothing is known, once until it answers", () => {
    expect(picked([known("a", 1), unknown("b")], 0, 0.5)).toBe(1);
    expect(picked([known("a", 60_000, 99), unknown("b", 1)], 0.5, 0)).toBe(0);
  });

  it("takes the less loaded of two of which nothing is known", () => {
    expect(picked([unknown("a", 3), unknown("b", 2)], 0, 0.5)).toBe(1);
    expect(picked([unknown("a", 2), unknown("b", 3)], 0.5, 0)).toBe(0);
  });
});

describe("peakEwmaWith", () => {
  it("draws as often as it is told", () => {
    const candidates = [known("a", 40), known("b", 30), known("c", 20), known("d", 10)];
    const draw = listed(0, 0.25, 0.5, 0.75);
    expect(peakEwmaWith({ draws: 3 }).pick({ candidates, draw, now: NOW })).toBe(2);
  });

  it("forgets as fast as it is told", () => {
    const candidates = [{ ...known("a", 100), latencyAt: NOW - 2_000 }, known("b", 14)];
    const pick = (decayMs: number) =>
      peakEwmaWith({ decayMs }).pick({ candidates, draw: listed(0, 0.5), now: NOW });
    expect(pick(1_000)).toBe(0);
    expect(pick(2_000)).toBe(1);
  });

  it("says in which time latencies fade", () => {
    expect(peakEwma.latencyDecayMs).toBe(10_000);
    expect(peakEwmaWith({ decayMs: 2_000 }).latencyDecayMs).toBe(2_000);
  });

  it("refuses options that make no sense", () => {
    expect(() => peakEwmaWith({ draws: 1 })).toThrow(
      new RangeError("draws: expected a whole number >= 2, got 1"),
    );
    expect(() => peakEwmaWith({ decayMs: 0 })).toThrow(
      new RangeError("decayMs: expected a finite number > 0, got 0"),
    );
    expect(() => peakEwmaWith({ decayMs: Number.POSITIVE_INFINITY })).toThrow("got Infinity");
  });
});

describe("observeLatency", () => {
  const after = (
    { latencyMs, latencyAt }: { latencyMs: number; latencyAt: number },
    sampleMs: number,
    now: number,
  ) => {
    const state = { latencyMs, latencyAt };
    observeLatency(state, sampleMs, now, 10_000);
    return state;
  };

  it("takes the first latency as it is", () => {
    expect(after({ latencyMs: 0, latencyAt: 0 }, 30, 5_000)).toEqual({
      latencyMs: 30,
      latencyAt: 5_000,
    });
  });

  it("rises at once", () => {
    expect(after({ latencyMs: 30, latencyAt: 5_000 }, 900, 5_001)).toEqual({
      latencyMs: 900,
      latencyAt: 5_001,
    });
  });

  it("falls to a lower one by the time that has passed", () => {
    const peak = { latencyMs: 900, latencyAt: 5_000 };
    expect(after(peak, 100, 5_000).latencyMs).toBe(900);
    expect(after(peak, 100, 15_000).latencyMs).toBeCloseTo(100 + 800 / Math.E, 9);
    expect(after(peak, 100, 1e9).latencyMs).toBe(100);
  });

  it("does not fall when the clock goes back", () => {
    expect(after({ latencyMs: 900, latencyAt: 5_000 }, 100, 4_000).latencyMs).toBe(900);
  });

  it("stays between the lowest and the highest of all latencies, and never below the latest", () => {
    const samples = fc.array(
      fc.record({ ms: fc.double({ min: 0.01, max: 60_000, noNaN: true }), passed: fc.nat(60_000) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(samples, (list) => {
        const state = { latencyMs: 0, latencyAt: 0 };
        let now = 0;
        for (const { ms, passed } of list) {
          now += passed;
          observeLatency(state, ms, now, 10_000);
          expect(state.latencyMs).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
          expect(state.latencyAt).toBe(now);
        }
        expect(state.latencyMs).toBeLessThanOrEqual(Math.max(...list.map(({ ms }) => ms)));
      }),
      { seed: 5 },
    );
  });
});
