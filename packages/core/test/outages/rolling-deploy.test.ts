import { describe, expect, it } from "vitest";
import { expectDocumented } from "./documentation.js";
import { failedRatio, simulateOutage, simulateSetUp } from "./outage.js";
import { rollingDeploy } from "./rolling-deploy.js";

const results = simulateOutage(rollingDeploy);

it("is in the documentation as it is", async () => {
  await expectDocumented(rollingDeploy, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(rollingDeploy, "naive", seed);
  const recommended = simulateSetUp(rollingDeploy, "recommended", seed);

  it("fails no request when instances drain, where killing them fails one in thirty", () => {
    expect(failedRatio(recommended)).toBe(0);
    expect(failedRatio(naive)).toBeGreaterThan(0.03);
  });

  it("repeats no request, and ejects nobody", () => {
    expect(recommended.retries).toBe(0);
    expect(recommended.events).toEqual({ draining: 10, drained: 10, returned: 10 });
  });
});

it("fails a tenth as much by the defaults, and next to nothing by retries, when instances are killed", () => {
  expect(failedRatio(results["defaults, killed"])).toBeLessThan(failedRatio(results.naive) / 8);
  expect(failedRatio(results["retries, killed"])).toBeLessThan(0.001);
});
