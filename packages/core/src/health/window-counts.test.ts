import { describe, expect, it } from "vitest";
import type { Outcome } from "../outcome.js";
import {
  clearWindowCounts,
  countInWindow,
  failureRatioOf,
  latencyLogOf,
  newWindowCounts,
} from "./window-counts.js";

const head = (status: number, headMs = 10): Outcome => ({ kind: "head", status, headMs });
const response = (status: number, totalMs = 10): Outcome => ({ kind: "response", status, totalMs });
const truncated: Outcome = { kind: "failure", stage: "body", cause: "truncated" };
const unreached: Outcome = { kind: "failure", stage: "connect", cause: "refused" };

const after = (...outcomes: readonly Outcome[]) => {
  const counts = newWindowCounts();
  for (const outcome of outcomes) countInWindow(counts, outcome);
  return counts;
};

describe("the counts of an interval", () => {
  it("hold answers and what failed of them", () => {
    expect(after(response(200), response(503), unreached, truncated, response(500))).toMatchObject({
      answers: 5,
      gatewayFailures: 3,
      serverErrors: 1,
    });
  });

  it("hold no fault of the client", () => {
    const counts = after(response(404), response(429), response(501), {
      kind: "cancelled",
      stage: "body",
    });
    expect(counts).toMatchObject({ answers: 3, gatewayFailures: 0, serverErrors: 0, latencies: 0 });
  });

  it("count an attempt once whose head was told before", () => {
    const counts = after(head(200, 20));
    countInWindow(counts, response(200, 9_000), true);
    expect(counts).toMatchObject({ answers: 1, gatewayFailures: 0, latencies: 1 });
    expect(Math.exp(latencyLogOf(counts))).toBeCloseTo(20);
  });

  it("count a body that breaks off to the answer that its head was", () => {
    const counts = after(head(200));
    countInWindow(counts, truncated, true);
    expect(counts).toMatchObject({ answers: 1, gatewayFailures: 1 });
  });

  it("are those of a new interval once they are cleared", () => {
    const counts = after(response(200), response(503), response(500));
    clearWindowCounts(counts);
    expect(counts).toEqual(newWindowCounts());
  });
});

describe("the failure ratio", () => {
  it("is the share of gateway failures, with other server errors where these count", () => {
    const counts = after(response(200), response(503), response(500), response(200));
    expect(failureRatioOf(counts, false)).toBe(0.25);
    expect(failureRatioOf(counts, true)).toBe(0.5);
  });

  it("is a ratio even for an attempt that was answered in one interval and failed in the next", () => {
    const counts = newWindowCounts();
    countInWindow(counts, truncated, true);
    expect(failureRatioOf(counts, false)).toBe(0);
    countInWindow(counts, unreached);
    expect(failureRatioOf(counts, false)).toBe(1);
  });
});

describe("the latency", () => {
  it("is a mean that a single slow answer hardly moves", () => {
    const outcomes = Array.from({ length: 99 }, () => response(200, 10));
    const mean = Math.exp(latencyLogOf(after(...outcomes, response(200, 60_000))));
    expect(mean).toBeGreaterThan(10);
    expect(mean).toBeLessThan(11);
  });

  it("is that of answers which are no errors", () => {
    const counts = after(response(200, 10), response(404, 1), response(500, 1), response(408, 5e4));
    expect(counts.latencies).toBe(1);
    expect(Math.exp(latencyLogOf(counts))).toBeCloseTo(10);
  });

  it("takes answers within a millisecond for equally fast, a clock that jumped back included", () => {
    expect(latencyLogOf(after(response(200, 0), response(200, -5), response(200, 0.4)))).toBe(0);
    expect(latencyLogOf(newWindowCounts())).toBe(0);
  });
});
