import { describe, expect, it } from "vitest";
import { dyingInstances } from "./dying-instances.js";
import { expectDocumented } from "./documentation.js";
import { failedRatio, simulateOutage, simulateSetUp } from "./outage.js";

const results = simulateOutage(dyingInstances);

it("is in the documentation as it is", async () => {
  await expectDocumented(dyingInstances, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(dyingInstances, "naive", seed);
  const recommended = simulateSetUp(dyingInstances, "recommended", seed);

  it("fails no request, where going round fails two of five", () => {
    expect(failedRatio(recommended)).toBe(0);
    expect(failedRatio(naive, 10, 40)).toBeGreaterThan(0.35);
  });

  it("takes few retries, because the dead ones are out after five failures each", () => {
    expect(recommended.retries).toBeLessThan(40);
    expect(recommended.events).toMatchObject({ ejected: 2, returned: 2 });
  });
});

it("is made worse by a balancer that looks at load and nothing else: who refuses at once is never busy", () => {
  expect(failedRatio(results["least-request alone"])).toBeGreaterThan(failedRatio(results.naive));
});

it("is met by ejections but for the first failures", () => {
  expect(failedRatio(results["defaults, no retries"])).toBeLessThan(0.001);
});
