import { describe, expect, it } from "vitest";
import { dueEjection, isGatewayFailure, mostEjected, type OutlierRule } from "./outlier.js";

const rule: OutlierRule = {
  consecutiveFailures: 5,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionRatio: 0.5,
};
const failing = { consecutiveFailures: 5, ejectedUntil: 0, ejectionFactor: 0 };
const others = { eligible: 3, ejected: 0, all: 4 };
const NOW = 1_000_000;

it("counts 502, 503 and 504 as failures, and no other status", () => {
  expect([502, 503, 504].every(isGatewayFailure)).toBe(true);
  for (const status of [200, 404, 429, 499, 500, 501, 505, 599])
    expect(isGatewayFailure(status)).toBe(false);
});

describe("an ejection", () => {
  it("is due after the configured number of failures in a row", () => {
    expect(dueEjection(rule, failing, others, NOW)).toEqual({ until: NOW + 30_000, factor: 1 });
    expect(dueEjection(rule, { ...failing, consecutiveFailures: 4 }, others, NOW)).toBeUndefined();
    expect(dueEjection({ ...rule, consecutiveFailures: 1 }, failing, others, NOW)).toBeDefined();
  });

  it("is not due while another one lasts", () => {
    expect(dueEjection(rule, { ...failing, ejectedUntil: NOW + 1 }, others, NOW)).toBeUndefined();
    expect(dueEjection(rule, { ...failing, ejectedUntil: NOW }, others, NOW)).toBeDefined();
  });

  it("never takes the last instance that is eligible", () => {
    expect(dueEjection(rule, failing, { eligible: 0, ejected: 0, all: 1 }, NOW)).toBeUndefined();
    const all = { ...rule, maxEjectionRatio: 1 };
    expect(dueEjection(all, failing, { eligible: 0, ejected: 3, all: 4 }, NOW)).toBeUndefined();
    expect(dueEjection(all, failing, { eligible: 1, ejected: 2, all: 4 }, NOW)).toBeDefined();
  });

  it("is not due when as many are ejected as may be", () => {
    expect(dueEjection(rule, failing, { eligible: 2, ejected: 1, all: 4 }, NOW)).toBeDefined();
    expect(dueEjection(rule, failing, { eligible: 1, ejected: 2, all: 4 }, NOW)).toBeUndefined();
  });

  it("lasts n times as long the n-th time, up to the longest", () => {
    const lengths = [0, 1, 2, 8, 9, 10, 99].map((ejectionFactor) => {
      const again = { ...failing, ejectedUntil: NOW, ejectionFactor };
      return (dueEjection(rule, again, others, NOW)?.until ?? 0) - NOW;
    });
    expect(lengths).toEqual([30_000, 60_000, 90_000, 270_000, 300_000, 300_000, 300_000]);
  });

  it("lasts shorter again by one for each such time without ejection", () => {
    const factorAfter = (calmMs: number) => {
      const calm = { ...failing, ejectedUntil: NOW, ejectionFactor: 3 };
      return dueEjection(rule, calm, others, NOW + calmMs)?.factor;
    };
    expect([0, 29_999, 30_000, 60_000, 89_999, 90_000, 9_999_999].map(factorAfter)).toEqual([
      4, 4, 3, 2, 2, 1, 1,
    ]);
  });

  it("falls with time whatever the clock showed when the last one ended", () => {
    const calm = { ...failing, ejectedUntil: 0, ejectionFactor: 3 };
    expect(dueEjection(rule, calm, others, 60_000)?.factor).toBe(2);
  });
});

it("lets half of a service be ejected, rounded down, but one where there are two or more", () => {
  expect([0, 1, 2, 3, 4, 5, 9, 10].map((all) => mostEjected(rule, all))).toEqual([
    0, 0, 1, 1, 2, 2, 4, 5,
  ]);
  expect([1, 2, 10].map((all) => mostEjected({ ...rule, maxEjectionRatio: 0 }, all))).toEqual([
    0, 1, 1,
  ]);
  expect(mostEjected({ ...rule, maxEjectionRatio: 1 }, 10)).toBe(10);
  for (const percent of Array.from({ length: 101 }, (_, index) => index))
    expect(mostEjected({ ...rule, maxEjectionRatio: percent / 100 }, 100)).toBe(percent || 1);
});
