import { describe, expect, it } from "vitest";
import type { Gateway } from "../../gateway.js";
import type { Scenario } from "./scenario.js";
import { simulate } from "./simulate.js";
import { A, B, EVERY_100_MS, noting, runSmall, smallConfig } from "./small-scenario.js";

const BUSY: Scenario = {
  config: {
    services: { s: { instances: [A, B, "http://c"], probe: { intervalMs: 500 } } },
    routes: [{ to: "s", retry: { attempts: 2, statuses: [503] }, timeouts: { attemptMs: 300 } }],
  },
  traffic: [
    { perSecond: (atMs) => 100 + atMs / 50, patienceMs: 700, clientRetries: 1 },
    { perSecond: 20, arrivals: "even" },
  ],
  instances: {
    "*": {
      serviceMs: { kind: "lognormal", median: 20, sigma: 1 },
      capacity: 4,
      errorRatio: 0.01,
      coldStart: { factor: 4, durationMs: 2_000 },
    },
  },
  faults: [
    { instance: A, kind: "down", fromMs: 2_000, toMs: 4_000 },
    { instance: B, kind: "stalled", fromMs: 5_000, toMs: 6_000 },
    { instance: "http://c", kind: "failing", ratio: 0.5, fromMs: 7_000, toMs: 8_000 },
  ],
  deploys: [{ service: "s", fromMs: 9_000 }],
  durationMs: 20_000,
};

it("gives the same for the same seed to the last digit, and something else for another", () => {
  expect(simulate({ ...BUSY, seed: 3 })).toEqual(simulate({ ...BUSY, seed: 3 }));
  expect(simulate({ ...BUSY, seed: 3 })).not.toEqual(simulate({ ...BUSY, seed: 4 }));
});

it("sends the same clients whatever the balancer", () => {
  const clients = (balancer: "random" | "round-robin") =>
    runSmall({ config: smallConfig({ balancer }), traffic: { perSecond: 100 } }).series.map(
      (p) => p.clients,
    );
  expect(clients("random")).toEqual(clients("round-robin"));
});

it("leaves nothing in flight, and counts every request and attempt once", () => {
  let gateway: Gateway | undefined;
  const result = simulate({
    ...BUSY,
    actions: [{ atMs: 0, run: (given) => void (gateway = given) }],
  });
  const { services, ignoredReports } = gateway?.snapshot() ?? {};
  for (const { inFlight } of Object.values(services?.["s"]?.instances ?? {}))
    expect(inFlight).toBe(0);
  expect(ignoredReports).toBe(0);
  const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);
  expect(result.attempts).toBe(sum(Object.values(result.instances).map((i) => i.requests)));
  expect(result.requests).toBe(sum(Object.values(result.statuses)));
  expect(sum(result.series.map((point) => point.clients))).toBe(result.clients);
  const served = result.series.flatMap((point) => Object.values(point.served));
  expect(sum(served)).toBe(sum(result.series.map((point) => point.attempts)));
  // Each of the things that go wrong was met.
  expect(result.abandoned).toBeGreaterThan(0);
  expect(result.retries).toBeGreaterThan(0);
  expect(result.requests).toBeGreaterThan(result.clients);
});

it("gives totals and a series", () => {
  const result = runSmall({ sampleMs: 5_000 });
  expect(result).toMatchObject({
    clients: 99,
    requests: 99,
    succeeded: 99,
    successRatio: 1,
    abandoned: 0,
    attempts: 99,
    retries: 0,
    latency: { mean: expect.closeTo(10), p50: expect.closeTo(10), max: expect.closeTo(10) },
    statuses: { 200: 99 },
    refused: {},
    wastedMs: 0,
    instances: { [A]: { requests: 50, busyMs: expect.closeTo(500), maxInFlight: 1 } },
  });
  expect(result.series).toEqual([
    {
      ...{ atMs: 5_000, clients: 49, requests: 49, succeeded: 49, failed: 0, abandoned: 0 },
      ...{ attempts: 49, retries: 0, p50: expect.closeTo(10), p99: expect.closeTo(10) },
      inFlight: { [A]: 0, [B]: 0 },
      served: { [A]: 25, [B]: 24 },
    },
    expect.objectContaining({ atMs: 10_000, clients: 50, served: { [A]: 25, [B]: 25 } }),
  ]);
});

it("counts what the gateway answers itself by its status, and no error as success", () => {
  const { statuses, succeeded, refused, instances } = runSmall({
    config: {
      services: { s: { instances: [A], whenNoneEligible: "reject" } },
      routes: [
        { match: { path: "/to" }, to: "s" },
        { match: { path: "/respond" }, respond: { status: 204 } },
      ],
    },
    traffic: {
      ...EVERY_100_MS,
      toMs: 1_050,
      request: (n) => ({
        method: "GET",
        url: ["/to", "/respond", "/nowhere", "/%00", "/"][n % 5] as string,
        headers: {},
      }),
    },
  });
  expect(statuses).toEqual({ 200: 2, 204: 2, 404: 4, 400: 2 });
  expect(succeeded).toBe(4);
  expect(refused).toEqual({ "bad-request": 2 });
  expect(instances[A]?.requests).toBe(2);
});

it("has an instance in its results that never got a request", () => {
  const { instances } = runSmall({ config: smallConfig({ balancer: "first-eligible" }) });
  expect(instances[B]).toEqual({ requests: 0, share: 0, busyMs: 0, maxInFlight: 0, ejections: 0 });
});

describe("instances that come and go", () => {
  it("meets one that joins as a process that has just begun", () => {
    const { latency, instances } = runSmall({
      config: smallConfig({ instances: [A] }),
      instances: { "*": { serviceMs: 10, coldStart: { factor: 10, durationMs: 1_000 } } },
      actions: [{ atMs: 5_000, run: (gateway) => void gateway.service("s").add(B) }],
    });
    expect(instances[B]?.requests).toBe(25);
    expect(latency.max).toBeGreaterThan(90);
    expect(latency.p50).toBeCloseTo(10);
  });

  it("asks for a model of one that joins without", () => {
    const act = () =>
      runSmall({
        config: smallConfig({ instances: [A] }),
        instances: { [A]: { serviceMs: 10 } },
        actions: [{ atMs: 5_000, run: (gateway) => void gateway.service("s").add(B) }],
      });
    expect(act).toThrow(
      new RangeError('instances: expected a model for "http://b", or "*" for all others, got none'),
    );
  });

  it("tries another instance when that of a retry has left in the pause", () => {
    const { statuses } = runSmall({
      config: smallConfig(
        { instances: [A, B, "http://c"] },
        { retry: { attempts: 1, statuses: [503], backoff: { baseMs: 4_000, maxMs: 4_000 } } },
      ),
      traffic: { ...EVERY_100_MS, toMs: 150 },
      faults: [{ instance: A, kind: "failing", fromMs: 0 }],
      actions: [{ atMs: 103, run: (gateway) => void gateway.service("s").remove(B) }],
    });
    expect(statuses).toEqual({ 200: 1 });
  });

  it("tells of ejections and returns at their time", () => {
    const { action, told } = noting();
    const times: number[] = [];
    const { events, instances } = runSmall({
      config: smallConfig({ outlier: { consecutiveFailures: 2, baseEjectionMs: 3_000 } }),
      faults: [{ instance: A, kind: "failing", fromMs: 0, toMs: 2_000 }],
      actions: [action, { atMs: 0, run: (gateway) => void gateway.onChange(() => times.push(0)) }],
    });
    expect(told).toEqual(["ejected http://a", "returned http://a"]);
    expect(events).toEqual({ ejected: 1, returned: 1 });
    expect(instances[A]?.ejections).toBe(1);
  });
});
