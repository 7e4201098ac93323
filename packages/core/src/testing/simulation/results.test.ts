import { expect, it } from "vitest";
import { Latencies, Tally } from "./results.js";

it("gives quantiles by the nearest rank", () => {
  const latencies = new Latencies();
  for (let ms = 2_000; ms >= 1; ms--) latencies.add(ms);
  expect(latencies.quantiles()).toEqual({
    ...{ mean: 1_000.5, p50: 1_000, p90: 1_800, p99: 1_980, p999: 1_998, max: 2_000 },
  });
});

it("gives 0 where there is nothing, also when it was cleared", () => {
  const nothing = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const latencies = new Latencies();
  expect(latencies.quantiles()).toEqual(nothing);
  latencies.add(7);
  expect(latencies.quantiles().p999).toBe(7);
  latencies.clear();
  expect(latencies.quantiles()).toEqual(nothing);
});

it("counts by name", () => {
  const tally = new Tally();
  tally.add("a");
  tally.add("a");
  tally.add(503);
  expect(tally.of("a")).toBe(2);
  expect(tally.of("b")).toBe(0);
  expect(tally.all()).toEqual({ a: 2, 503: 1 });
});
