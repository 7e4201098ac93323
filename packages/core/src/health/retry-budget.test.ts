import { describe, expect, it } from "vitest";
import { countAttempt, mayRetry, DEFAULT_RETRY_BUDGET, newRetryBudget } from "./retry-budget.js";

const used = (requests: number, retries: number, now: number, budget = newRetryBudget()) => {
  for (let i = 0; i < requests; i++) countAttempt(budget, false, now);
  for (let i = 0; i < retries; i++) countAttempt(budget, true, now);
  return budget;
};

describe("the retry budget", () => {
  it("allows ten retries a second whatever the traffic", () => {
    expect(mayRetry(DEFAULT_RETRY_BUDGET, newRetryBudget(), 1_000)).toBe(true);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(0, 99, 50_000), 50_000)).toBe(true);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(0, 100, 50_000), 50_000)).toBe(false);
  });

  it("allows a fifth of the requests more", () => {
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(1_000, 299, 50_000), 50_000)).toBe(true);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(1_000, 300, 50_000), 50_000)).toBe(false);
  });

  it("looks back ten seconds, the running one included", () => {
    const budget = used(0, 100, 50_999);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, budget, 59_999)).toBe(false);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, budget, 60_000)).toBe(true);
  });

  it("forgets second by second", () => {
    const budget = newRetryBudget();
    for (let second = 50; second < 60; second++) used(0, 10, second * 1_000, budget);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, budget, 59_000)).toBe(false);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, budget, 60_000)).toBe(true);
    used(0, 10, 60_000, budget);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, budget, 60_000)).toBe(false);
  });

  it("changes nothing when it is asked", () => {
    const budget = used(5, 3, 50_000);
    const before = JSON.stringify(budget);
    mayRetry(DEFAULT_RETRY_BUDGET, budget, 55_000);
    mayRetry(DEFAULT_RETRY_BUDGET, budget, 99_000);
    expect(JSON.stringify(budget)).toBe(before);
  });

  it("has forgotten everything after a long silence", () => {
    const budget = used(10_000, 100, 50_000);
    used(0, 0, 90_000, budget);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(0, 99, 90_000, budget), 90_000)).toBe(true);
    expect(mayRetry(DEFAULT_RETRY_BUDGET, used(0, 1, 90_000, budget), 90_000)).toBe(false);
  });

  it("holds a storm in which every request fails to a fifth and the floor", () => {
    const budget = newRetryBudget();
    let sent = 0;
    let retried = 0;
    for (let now = 100_000; now < 130_000; now += 5) {
      countAttempt(budget, false, now);
      sent++;
      for (let attempt = 0; attempt < 3 && mayRetry(DEFAULT_RETRY_BUDGET, budget, now); attempt++) {
        countAttempt(budget, true, now);
        retried++;
      }
    }
    // Ten seconds of floor may be spent at once; after that a window of ten holds its own share only.
    expect(retried).toBeLessThanOrEqual(sent * 0.2 + 10 * 30 + 100);
    expect(retried).toBeGreaterThan(sent * 0.2);
  });
});

it("is as large as its rule says, and without one there is no limit", () => {
  const budget = used(100, 50, 50_000);
  expect(mayRetry({ ratio: 0.5, perSecond: 0 }, budget, 50_000)).toBe(false);
  expect(mayRetry({ ratio: 0.51, perSecond: 0 }, budget, 50_000)).toBe(true);
  expect(mayRetry({ ratio: 0, perSecond: 5 }, budget, 50_000)).toBe(false);
  expect(mayRetry({ ratio: 0, perSecond: 5.1 }, budget, 50_000)).toBe(true);
  expect(mayRetry(undefined, used(0, 10_000, 50_000), 50_000)).toBe(true);
});
