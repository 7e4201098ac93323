import { describe, expect, it } from "vitest";
import { expectDocumented } from "./documentation.js";
import { failedRatio, simulateOutage, simulateSetUp } from "./outage.js";
import {
  busiestShare,
  fullestReturned,
  p99AfterReturn,
  thunderingHerd,
} from "./thundering-herd.js";

const results = simulateOutage(thunderingHerd);

it("is in the documentation as it is", async () => {
  await expectDocumented(thunderingHerd, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(thunderingHerd, "naive", seed);
  const recommended = simulateSetUp(thunderingHerd, "recommended", seed);
  const atOnce = simulateSetUp(thunderingHerd, "no gradual return", seed);

  it("fails few requests, where going round fails two of five", () => {
    expect(failedRatio(recommended)).toBeLessThan(0.005);
    expect(failedRatio(naive)).toBeGreaterThan(0.35);
  });

  it("crowds no instance that comes back, where one without a gradual return is crowded", () => {
    expect(fullestReturned(recommended)).toBeLessThan(30);
    expect(fullestReturned(atOnce)).toBeGreaterThan(60);
    expect(busiestShare(recommended)).toBeLessThan(busiestShare(atOnce));
    expect(p99AfterReturn(recommended)).toBeLessThan(p99AfterReturn(atOnce) / 2);
  });
});
