import { describe, expect, it } from "vitest";
import type { PoolUse } from "./in-use.js";
import { judgeWindow, LATENCY_DEFAULTS, WINDOW_DEFAULTS } from "./outlier-window.js";

const used = (cursor: number): PoolUse => ({
  ...{ cursor, pinnedCursor: 0, copyCursor: 0 },
  workedOutBy: { tryAll: false },
});
const [all, v1, v2] = [used(0), used(9), used(1)];
const RULE = { ...WINDOW_DEFAULTS, latency: LATENCY_DEFAULTS };

/** Instances of a version, each with so many failures in 100 answers that took so long. */
const of = (version: PoolUse, failures: readonly number[], latencyMs = 10, whole = all) =>
  failures.map((gatewayFailures, index) => ({
    id: `${version === v1 ? "v1" : "v2"} ${index}`,
    ejectedUntil: 0,
    pools: [whole, version],
    levels: [{}, {}],
    counts: {
      ...{ answers: 100, gatewayFailures, serverErrors: 0 },
      ...{ latencies: 100, latencyLogSum: 100 * Math.log(latencyMs) },
    },
  }));
const EIGHT = [0, 0, 0, 0, 0, 0, 0, 0];
const judge = (instances: ReturnType<typeof of>) =>
  judgeWindow(RULE, instances, 0, RULE.intervalMs).map(({ instance: { id }, reason: { kind } }) => [
    id,
    kind,
  ]);

describe("a version that requests come for", () => {
  it("loses nobody for what all of it suffers from, however well the others do", () => {
    expect(judge([...of(v1, EIGHT), ...of(v2, [100, 100])])).toEqual([]);
    expect(judge([...of(v1, EIGHT), ...of(v2, [30, 30])])).toEqual([]);
    expect(judge([...of(v1, EIGHT), ...of(v2, [0, 0], 900)])).toEqual([]);
  });

  it("loses who does worse than the others of it", () => {
    const [slow] = of(v2, [0], 900);
    expect(judge([...of(v1, EIGHT), ...of(v2, [100, 0])])).toEqual([["v2 0", "failure-ratio"]]);
    expect(judge([...of(v1, EIGHT), ...of(v2, [0, 30])])).toEqual([["v2 1", "success-rate"]]);
    expect(judge([...of(v1, EIGHT), ...of(v2, [0, 0]), slow as never])).toEqual([
      ["v2 0", "latency"],
    ]);
  });

  it("loses who makes requests fail that name no version", () => {
    const whole = used(1);
    expect(judge([...of(v1, EIGHT, 10, whole), ...of(v2, [100, 100], 10, whole)])).toHaveLength(2);
  });
});
