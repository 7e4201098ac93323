import { describe, expect, it } from "vitest";
import { A, B, noting, runSmall, smallConfig } from "./small-scenario.js";

describe("deploys", () => {
  it("replace one instance after the other, without a failed request when they drain", () => {
    const { action, told } = noting();
    const { statuses, series } = runSmall({
      instances: { "*": { serviceMs: 250 } },
      deploys: [{ service: "s", fromMs: 2_000, downMs: 1_000, pauseMs: 500 }],
      actions: [action],
    });
    expect(statuses).toEqual({ 200: 99 });
    expect(told).toEqual(
      [A, B].flatMap((id) => [`draining ${id}`, `drained ${id}`, `returned ${id}`]),
    );
    // A drains from 2 s on, is away from 2.15 s to 3.15 s, and B drains from 3.65 s on.
    expect(series[2]?.served).toEqual({ [A]: 0, [B]: 10 });
    expect(series[4]?.served[B]).toBe(0);
  });

  it("mark nothing at the gateway when they do not drain, and fail what is under way", () => {
    const { action, told } = noting();
    const { statuses } = runSmall({
      instances: { "*": { serviceMs: 250 } },
      deploys: [{ service: "s", fromMs: 2_000, downMs: 1_000, pauseMs: 500, drain: false }],
      actions: [action],
    });
    expect(told).toEqual([]);
    expect(statuses[502]).toBeGreaterThan(4);
  });

  it("bring a process that has just begun", () => {
    const cold = { serviceMs: 10, coldStart: { factor: 10, durationMs: 1_000 } };
    const { latency } = runSmall({
      instances: { "*": cold },
      deploys: [{ service: "s", fromMs: 2_000 }],
    });
    expect(latency.max).toBeGreaterThan(50);
  });

  it("go on when an instance leaves, or its drain is ended", () => {
    const { action, told } = noting();
    runSmall({
      config: smallConfig({ instances: [A, B, "http://c"] }),
      instances: { "*": { serviceMs: 900 } },
      deploys: [{ service: "s", fromMs: 2_000 }],
      actions: [
        action,
        { atMs: 2_100, run: (gateway) => void gateway.service("s").resume(A) },
        { atMs: 2_200, run: (gateway) => void gateway.service("s").remove(B) },
      ],
    });
    expect(told).toEqual([
      ...["draining http://a", "returned http://a", "draining http://b", "left http://b"],
      ...["drained http://b", "draining http://c", "drained http://c", "returned http://c"],
    ]);
  });
});
