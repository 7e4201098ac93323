import { describe, expect, it } from "vitest";
import { expectDocumented } from "./documentation.js";
import { simulateOutage, simulateSetUp, worstP99 } from "./outage.js";
import { slowInstance } from "./slow-instance.js";

const results = simulateOutage(slowInstance);

it("is in the documentation as it is", async () => {
  await expectDocumented(slowInstance, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(slowInstance, "naive", seed);
  const recommended = simulateSetUp(slowInstance, "recommended", seed);

  it("keeps the 99th percentile within 100 ms, where going round comes to many seconds", () => {
    expect(recommended.latency.p99).toBeLessThan(100);
    expect(naive.latency.p99).toBeGreaterThan(10_000);
  });

  it("has nothing left of it once the slow one is ejected, at the end of the first interval", () => {
    expect(worstP99(recommended, 21, 60)).toBeLessThan(100);
    expect(worstP99(naive, 21, 60)).toBeGreaterThan(10_000);
  });
});

it("is met by balancers that look at load or latency, and not by those that do not", () => {
  expect(results.random.latency.p99).toBeGreaterThan(10_000);
  expect(results["least-request"].latency.p99).toBeLessThan(150);
  expect(results["peak-ewma"].latency.p99).toBeLessThan(results["least-request"].latency.p99);
});
