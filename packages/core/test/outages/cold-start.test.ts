import { describe, expect, it } from "vitest";
import { coldStart } from "./cold-start.js";
import { expectDocumented } from "./documentation.js";
import { simulateOutage, simulateSetUp, worstP99 } from "./outage.js";

const results = simulateOutage(coldStart);

it("is in the documentation as it is", async () => {
  await expectDocumented(coldStart, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(coldStart, "naive", seed);
  const recommended = simulateSetUp(coldStart, "recommended", seed);

  it("keeps the 99th percentile of every second below 200 ms, where going round comes to seconds", () => {
    expect(worstP99(recommended, 10, 60)).toBeLessThan(200);
    expect(worstP99(naive, 10, 60)).toBeGreaterThan(5_000);
  });

  it("gives the new instance its whole share in the end", () => {
    const { served = {}, attempts = 0 } = recommended.series.at(-1) ?? {};
    expect((served["http://i5"] ?? 0) / attempts).toBeGreaterThan(0.15);
  });
});

it("is met by slow start whatever the balancer, and best by one that looks at load", () => {
  expect(worstP99(results["round-robin, slow start"], 10, 60)).toBeLessThan(1_000);
  expect(worstP99(results["least-request"], 10, 60)).toBeGreaterThan(1_000);
});
