import { describe, expect, it } from "vitest";
import { listed } from "../testing/env.js";
import { balancerCases } from "./balancer-cases.js";
import { leastRequest } from "./least-request.js";

describe.each(balancerCases(leastRequest))("$name", ({ run }) => it("holds", run));

const loaded = (id: string, inFlight: number, weight = 1) => ({ id, inFlight, weight });
const picked = (candidates: readonly ReturnType<typeof loaded>[], ...draws: readonly number[]) =>
  leastRequest.pick({ candidates, draw: listed(...draws), now: 1_000 });

it("takes the less loaded of the two it drew", () => {
  const candidates = [loaded("a", 9), loaded("b", 1), loaded("c", 0)];
  expect(picked(candidates, 0, 0.4)).toBe(1);
  expect(picked(candidates, 0.4, 0)).toBe(1);
  expect(picked(candidates, 0.9, 0.4)).toBe(2);
});

it("takes the first drawn when both are equally loaded", () => {
  const candidates = [loaded("a", 3), loaded("b", 3)];
  expect(picked(candidates, 0, 0.5)).toBe(0);
  expect(picked(candidates, 0.5, 0)).toBe(1);
});

it("takes a loaded one that it drew twice", () => {
  expect(picked([loaded("a", 9), loaded("b", 0)], 0, 0)).toBe(0);
});

it("measures load by weight", () => {
  expect(picked([loaded("a", 3, 4), loaded("b", 1, 1)], 0, 0.9)).toBe(0);
  expect(picked([loaded("a", 5, 4), loaded("b", 1, 1)], 0, 0.9)).toBe(1);
});

it("draws both by weight", () => {
  const idle = [loaded("a", 0, 3), loaded("b", 0, 1)];
  const grid = Array.from({ length: 100 }, (_, i) => i / 100);
  expect(grid.filter((draw) => picked(idle, draw, draw) === 0)).toHaveLength(75);
});
