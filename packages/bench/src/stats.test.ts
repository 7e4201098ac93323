import { describe, expect, it } from "vitest";
import { median, summarize } from "./stats.ts";

describe("summarize", () => {
  it("keeps the best round and the lower quartile", () => {
    expect(summarize([50, 10, 40, 20, 30])).toEqual({ best: 10, lowerQuartile: 20, rounds: 5 });
  });

  it("reads a quartile between two rounds by their distance", () => {
    expect(summarize([10, 20]).lowerQuartile).toBe(12.5);
  });

  it("has no numbers where there was no round", () => {
    expect(summarize([])).toEqual({ best: Number.NaN, lowerQuartile: Number.NaN, rounds: 0 });
  });
});

it("takes the value in the middle", () => {
  expect(median([9, 1, 5])).toBe(5);
});
