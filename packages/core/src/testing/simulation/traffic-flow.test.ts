import { describe, expect, it } from "vitest";
import { A, EVERY_100_MS, runSmall, smallConfig } from "./small-scenario.js";

describe("patience", () => {
  it("ends when the client has waited so long, and blames nobody", () => {
    const { abandoned, statuses, latency, successRatio, events } = runSmall({
      config: smallConfig({ outlier: { consecutiveFailures: 1 } }),
      traffic: { ...EVERY_100_MS, patienceMs: 200 },
      faults: [{ instance: A, kind: "stalled", fromMs: 0 }],
    });
    expect({ abandoned, statuses, events }).toEqual({
      abandoned: 50,
      statuses: { 200: 49, 499: 50 },
      events: {},
    });
    expect(successRatio).toBe(1);
    expect(latency.max).toBeCloseTo(200);
  });

  it("begins anew with each time that the client asks", () => {
    const { clients, requests, abandoned, succeeded } = runSmall({
      config: smallConfig({ instances: [A] }),
      traffic: { ...EVERY_100_MS, patienceMs: 200, clientRetries: 2 },
      faults: [{ instance: A, kind: "stalled", fromMs: 0 }],
    });
    expect({ clients, requests, abandoned, succeeded }).toEqual({
      ...{ clients: 99, requests: 297, abandoned: 297, succeeded: 0 },
    });
  });
});

it("lets clients ask again after an error, and no more after success", () => {
  const { clients, requests, succeeded, statuses } = runSmall({
    config: smallConfig(),
    traffic: { ...EVERY_100_MS, clientRetries: 3 },
    faults: [{ instance: A, kind: "failing", fromMs: 0 }],
  });
  // Whoever meets the one that fails comes to the other one next.
  expect({ clients, requests, succeeded }).toEqual({ clients: 99, requests: 198, succeeded: 99 });
  expect(statuses).toEqual({ 200: 99, 503: 99 });
});

describe("traffic", () => {
  it("comes when the rate says so, also behind a time without any", () => {
    const { series } = runSmall({
      traffic: {
        perSecond: (atMs) => (atMs < 3_000 ? 0 : atMs < 6_000 ? 0.01 : 50),
        arrivals: "even",
      },
    });
    expect(series.map(({ clients }) => clients)).toEqual([0, 0, 0, 0, 0, 0, 50, 50, 50, 50]);
  });

  it("of a rate that rises is as much as its integral", () => {
    const { clients } = runSmall({ traffic: { perSecond: (atMs) => atMs / 10, arrivals: "even" } });
    expect(clients).toBeGreaterThan(4_990);
    expect(clients).toBeLessThanOrEqual(5_000);
  });

  it("of Poisson is as scattered as it has to be", () => {
    const { series } = runSmall({
      traffic: { perSecond: 1_000 },
      durationMs: 20_000,
      sampleMs: 100,
    });
    const counts = series.map(({ clients }) => clients);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    expect(mean / 100).toBeCloseTo(1, 1);
    expect(variance / mean).toBeGreaterThan(0.8);
    expect(variance / mean).toBeLessThan(1.2);
  });

  it("lasts from its beginning to its end", () => {
    const { series } = runSmall({ traffic: { ...EVERY_100_MS, fromMs: 2_500, toMs: 4_550 } });
    expect(series.map(({ clients }) => clients)).toEqual([0, 0, 4, 10, 6, 0, 0, 0, 0, 0]);
  });

  it("is the sum of several models, each with its own requests", () => {
    const { clients, statuses } = runSmall({
      config: { services: {}, routes: [{ match: { method: "GET" }, respond: { status: 204 } }] },
      traffic: [
        EVERY_100_MS,
        { ...EVERY_100_MS, request: { method: "PUT", url: "/", headers: {} } },
      ],
      instances: {},
    });
    expect(clients).toBe(198);
    expect(statuses).toEqual({ 204: 99, 404: 99 });
  });
});
