import { expect, it } from "vitest";
import type { BalancerConfig } from "../../config/balancer-config.js";
import type { Distribution } from "./distribution.js";
import type { SimulationResult } from "./results.js";
import { simulate } from "./simulate.js";

const REQUESTS = 100_000;
/** Three standard errors of the mean of so many times of M/M/1 at a load of 0.7. All other means here scatter less. */
const TOLERANCE = 0.05;

interface Queue {
  readonly perSecond: number;
  readonly serviceMs: Distribution;
  readonly capacity?: number;
  readonly instances?: number;
  readonly balancer?: BalancerConfig;
}

function run({
  perSecond,
  serviceMs,
  capacity = 1,
  instances = 1,
  balancer = "random",
}: Queue): SimulationResult {
  const urls = Array.from({ length: instances }, (_, index) => `http://i${index}`);
  return simulate({
    config: {
      services: { s: { instances: urls, balancer, outlier: false } },
      routes: [{ to: "s", retry: { attempts: 0 } }],
    },
    traffic: { perSecond },
    instances: { "*": { serviceMs, capacity } },
    durationMs: (REQUESTS / perSecond) * 1_000,
  });
}

function expectNear(found: number, wanted: number, tolerance = TOLERANCE): void {
  expect(Math.abs(found / wanted - 1), `${found} instead of ${wanted}`).toBeLessThan(tolerance);
}

const exponential = (mean: number): Distribution => ({ kind: "exponential", mean });

/** Share of requests that have to wait. Source: A. K. Erlang, 1917 (the C formula). */
function erlangC(servers: number, load: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k++) sum += term *= load / k;
  const waiting = ((term * load) / servers) * (servers / (servers - load));
  return waiting / (sum + waiting);
}

it.each([0.3, 0.5, 0.7])("waits as long as M/M/1 at a load of %d", (load) => {
  const { latency, instances } = run({ perSecond: 100 * load, serviceMs: exponential(10) });
  // Times of M/M/1 are exponential.
  const mean = 10 / (1 - load);
  expectNear(latency.mean, mean);
  expectNear(latency.p50, mean * Math.log(2));
  expectNear(latency.p99, mean * Math.log(100), 0.08);
  expectNear(instances["http://i0"]?.busyMs ?? 0, 10 * REQUESTS);
});

it.each([
  { servers: 2, load: 0.7 },
  { servers: 5, load: 0.8 },
  { servers: 20, load: 0.8 },
])("waits as long as M/M/$servers at a load of $load", ({ servers, load }) => {
  const perSecond = 100 * servers * load;
  const { latency } = run({ perSecond, serviceMs: exponential(10), capacity: servers });
  const waitMs = (erlangC(servers, servers * load) * 10) / (servers * (1 - load));
  expectNear(latency.mean, 10 + waitMs);
  expectNear(latency.mean - 10, waitMs, 0.15);
});

it.each([
  { name: "M/D/1", serviceMs: 10, variation: 0 },
  {
    name: "M/G/1, lognormal",
    serviceMs: { kind: "lognormal", median: 10 * Math.exp(-0.125), sigma: 0.5 },
    variation: Math.exp(0.25) - 1,
  },
  {
    name: "M/G/1, uniform",
    serviceMs: { kind: "uniform", from: 0, to: 20 },
    variation: 1 / 3,
  },
] as const)("waits as long as $name, by Pollaczek and Khinchine", ({ serviceMs, variation }) => {
  const { latency } = run({ perSecond: 70, serviceMs });
  expectNear(latency.mean, 10 + ((0.7 / 0.3) * 10 * (1 + variation)) / 2);
});

it("is n times M/M/1 when the balancer draws one of n at random", () => {
  const { latency, instances } = run({
    perSecond: 700,
    serviceMs: exponential(10),
    instances: 10,
  });
  expectNear(latency.mean, 10 / 0.3);
  for (const { share } of Object.values(instances)) expectNear(share, 0.1);
});

it("is twice E2/M/1 when the balancer goes round two", () => {
  const { latency } = run({
    perSecond: 140,
    serviceMs: exponential(10),
    instances: 2,
    balancer: "round-robin",
  });
  // The root in (0, 1) of r = (2 * load / (1 + 2 * load - r))^2, which GI/M/1 waits by.
  let root = 0.5;
  for (let i = 0; i < 200; i++) root = (1.4 / (2.4 - root)) ** 2;
  expectNear(latency.mean, 10 / (1 - root));
});

// M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001: for many servers, sum of load^(2^i - 2).
it.each([0.7, 0.9])("waits as two choices among 100 do at a load of %d", (load) => {
  const { latency } = run({
    perSecond: 10_000 * load,
    serviceMs: exponential(10),
    instances: 100,
    balancer: "least-request",
  });
  let mean = 0;
  for (let i = 1; i < 10; i++) mean += load ** (2 ** i - 2);
  expectNear(latency.mean, 10 * mean);
});

it("has as many requests under way as come in during the time that one takes", () => {
  const { series, latency } = run({ perSecond: 400, serviceMs: exponential(10), capacity: 5 });
  let sum = 0;
  for (const { inFlight } of series) sum += inFlight["http://i0"] ?? 0;
  // J. D. C. Little, 1961.
  expectNear(sum / series.length, 0.4 * latency.mean, 0.1);
});
