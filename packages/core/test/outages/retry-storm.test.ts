import { describe, expect, it } from "vitest";
import { expectDocumented } from "./documentation.js";
import { between, failedRatio, goodput, simulateOutage, simulateSetUp, sumOf } from "./outage.js";
import type { SimulationResult } from "../../src/testing/simulation/results.js";
import { retryStorm } from "./retry-storm.js";

const results = simulateOutage(retryStorm);

/** In the ten seconds that begin five seconds after the overload. */
function attemptsAClient(result: SimulationResult): number {
  const points = between(result, 20, 30);
  return sumOf(points, ({ attempts }) => attempts) / sumOf(points, ({ clients }) => clients);
}

it("is in the documentation as it is", async () => {
  await expectDocumented(retryStorm, results);
});

describe.each([1, 2, 3])("with seed %d", (seed) => {
  const naive = simulateSetUp(retryStorm, "naive", seed);
  const recommended = simulateSetUp(retryStorm, "recommended", seed);

  it("hides failures that happen by chance, where going without retries shows them all", () => {
    expect(failedRatio(recommended, 0, 10)).toBeLessThan(0.001);
    expect(failedRatio(naive, 0, 10)).toBeGreaterThan(0.015);
  });

  it("serves what the instances bear during an overload, where going round serves next to nobody", () => {
    // They bear some 1,100 requests a second of 2,000.
    expect(goodput(recommended, 10, 15)).toBeGreaterThan(0.5);
    expect(goodput(naive, 12, 15)).toBeLessThan(0.05);
  });

  it("serves everybody again at once, with the attempts of quiet times", () => {
    expect(goodput(recommended, 15, 60)).toBeGreaterThan(0.98);
    expect(goodput(naive, 15, 17)).toBeLessThan(0.5);
    expect(attemptsAClient(recommended)).toBeLessThan(1.1);
  });

  it("never ends without a budget: every attempt makes another one fail", () => {
    const result = simulateSetUp(retryStorm, "no budget", seed);
    expect(goodput(result, 20, 60)).toBeLessThan(0.15);
    expect(attemptsAClient(result)).toBeGreaterThan(6);
  });

  it("is over within five seconds with a budget alone, when few instances may be ejected", () => {
    const result = simulateSetUp(retryStorm, "budget, few ejected", seed);
    expect(goodput(result, 20, 60)).toBeGreaterThan(0.98);
    expect(attemptsAClient(result)).toBeLessThan(1.1);
  });
});

it.each([1, 2, 3])("ejects nobody for long for what all suffer from, with seed %d", (seed) => {
  const result = simulateSetUp(retryStorm, "budget, half ejected", seed);
  expect(goodput(result, 15, 20)).toBeGreaterThan(0.6);
  expect(goodput(result, 20, 60)).toBeGreaterThan(0.98);
  // What all suffer from sets in at some of them first: those come back once it has come to all.
  expect(result.events["ejected"]).toBeLessThan(20);
});
