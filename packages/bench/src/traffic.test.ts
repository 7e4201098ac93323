import { expect, it } from "vitest";
import { sampleRoutes } from "./routes.ts";
import { sampleRequests } from "./traffic.ts";

const routes = sampleRoutes(100, "services");

function shares(distribution: "uniform" | "zipf"): number[] {
  const counts = new Map<string, number>();
  for (const { route } of sampleRequests(routes, distribution, 20_000))
    counts.set(route, (counts.get(route) ?? 0) + 1 / 20_000);
  return [...counts.values()].sort((a, b) => b - a);
}

it("asks for every route about as often in uniform traffic", () => {
  expect(shares("uniform")).toHaveLength(100);
  expect(shares("uniform")[0]).toBeLessThan(0.02);
});

it("asks for the n-th most wanted route with a share of 1/n in Zipf traffic", () => {
  const [first = 0, second = 0] = shares("zipf");
  expect(first).toBeCloseTo(0.193, 1);
  expect(first / second).toBeCloseTo(2, 0);
});

it("makes the same requests in every run", () => {
  expect(sampleRequests(routes, "zipf", 50)).toEqual(sampleRequests(routes, "zipf", 50));
});

it.each(["tenants", "services"] as const)("gives no two routes one pattern (%s)", (shape) => {
  const patterns = sampleRoutes(10_000, shape).map(({ pattern }) => pattern);
  expect(new Set(patterns).size).toBe(10_000);
});
