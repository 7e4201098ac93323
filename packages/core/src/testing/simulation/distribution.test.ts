import { describe, expect, it } from "vitest";
import { sample, type Distribution } from "./distribution.js";
import { seededRandom } from "./seeded-random.js";
import { listed } from "../env.js";

const COUNT = 200_000;

/** Values of the standard normal distribution by the share that lies below. Source: any table of it. */
const NORMAL = { 0.5: 0, 0.9: 1.281552, 0.99: 2.326348, 0.999: 3.090232 };

const exponential = (share: number): number => -20 * Math.log(1 - share);
const lognormal = (sigma: number) => (share: number) =>
  20 * Math.exp(sigma * NORMAL[share as keyof typeof NORMAL]);

const cases: readonly {
  readonly name: string;
  readonly distribution: Distribution;
  readonly quantile: (share: number) => number;
  readonly mean: number;
}[] = [
  { name: "a number", distribution: 20, quantile: () => 20, mean: 20 },
  {
    name: "uniform",
    distribution: { kind: "uniform", from: 10, to: 30 },
    quantile: (share) => 10 + 20 * share,
    mean: 20,
  },
  {
    name: "exponential",
    distribution: { kind: "exponential", mean: 20 },
    quantile: exponential,
    mean: 20,
  },
  {
    name: "lognormal, sigma 0.5",
    distribution: { kind: "lognormal", median: 20, sigma: 0.5 },
    quantile: lognormal(0.5),
    mean: 20 * Math.exp(0.125),
  },
  {
    name: "lognormal, sigma 1",
    distribution: { kind: "lognormal", median: 20, sigma: 1 },
    quantile: lognormal(1),
    mean: 20 * Math.exp(0.5),
  },
];

describe.each(cases)("$name", ({ distribution, quantile, mean }) => {
  const random = seededRandom(7);
  const times = Float64Array.from({ length: COUNT }, () => sample(distribution, random)).sort();

  it.each([0.5, 0.9, 0.99, 0.999])("has the quantile %d within 5 %", (share) => {
    const found = times[Math.ceil(share * COUNT) - 1] as number;
    expect(Math.abs(found / quantile(share) - 1)).toBeLessThan(0.05);
  });

  it("has its mean within 1 %", () => {
    const found = times.reduce((sum, time) => sum + time, 0) / COUNT;
    expect(Math.abs(found / mean - 1)).toBeLessThan(0.01);
  });
});

it("gives finite times for the smallest and the largest number that can be drawn", () => {
  const largest = 1 - 2 ** -32;
  for (const { distribution } of cases)
    for (const draw of [0, largest]) {
      const ms = sample(distribution, listed(draw));
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(Number.POSITIVE_INFINITY);
    }
});

it("puts the 99th percentile where its documentation says", () => {
  expect(lognormal(0.5)(0.99) / 20).toBeCloseTo(3.2, 1);
  expect(lognormal(1)(0.99) / 20).toBeCloseTo(10.2, 1);
});
