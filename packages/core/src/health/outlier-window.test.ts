import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PoolUse } from "./in-use.js";
import {
  judgeWindow,
  LATENCY_DEFAULTS,
  WINDOW_DEFAULTS,
  type SuccessRateRule,
  type WindowRule,
} from "./outlier-window.js";
import type { WindowCounts } from "./window-counts.js";

const NOW = 100_000;
const END = NOW + 10_000;
const NONE: WindowRule = {
  intervalMs: 10_000,
  failureRatio: undefined,
  successRate: undefined,
  latency: undefined,
};

const ALL: PoolUse = { cursor: 1, pinnedCursor: 0, copyCursor: 0, workedOutBy: undefined };
const instance = (id: string, counts: Partial<WindowCounts>, ejectedUntil = 0) => ({
  id,
  ejectedUntil,
  pools: [ALL] as readonly PoolUse[],
  levels: [{}],
  counts: {
    answers: 100,
    gatewayFailures: 0,
    serverErrors: 0,
    latencies: 0,
    latencyLogSum: 0,
    ...counts,
  },
});
type Instance = ReturnType<typeof instance>;
const failing = (...failures: readonly number[]) =>
  failures.map((gatewayFailures, index) => instance(`i${index}`, { gatewayFailures }));
const slow = (...latenciesMs: readonly number[]) =>
  latenciesMs.map((ms, index) =>
    instance(`i${index}`, { latencies: 100, latencyLogSum: 100 * Math.log(ms) }),
  );
const judge = (rule: WindowRule, instances: readonly Instance[], now = END) =>
  judgeWindow(rule, instances, NOW, now).map(({ instance: { id }, reason: { kind } }) => [
    id,
    kind,
  ]);

describe("an interval", () => {
  const instances = failing(100, 0, 0, 0, 0);

  it("is judged by the first who looks after its end", () => {
    expect(judge(WINDOW_DEFAULTS, instances, END - 1)).toEqual([]);
    expect(judge(WINDOW_DEFAULTS, instances, END)).toEqual([["i0", "failure-ratio"]]);
  });

  it("is judged no more when nobody looked for as long again", () => {
    expect(judge(WINDOW_DEFAULTS, instances, END + 9_999)).toHaveLength(1);
    expect(judge(WINDOW_DEFAULTS, instances, END + 10_000)).toEqual([]);
  });

  it("changes nothing when it is judged", () => {
    const before = JSON.stringify(instances);
    judge({ ...WINDOW_DEFAULTS, latency: LATENCY_DEFAULTS }, instances);
    expect(JSON.stringify(instances)).toBe(before);
  });

  it("ejects nobody where every rule is switched off", () => {
    expect(judge(NONE, failing(100, 0, 0, 0, 0))).toEqual([]);
  });
});

describe("the failure ratio", () => {
  const rule = { ...NONE, failureRatio: WINDOW_DEFAULTS.failureRatio };

  it("ejects from the threshold on, with the figures", () => {
    expect(judge(rule, failing(84, 0, 0, 0, 0))).toEqual([]);
    expect(judgeWindow(rule, failing(85, 0, 0, 0, 0), NOW, END)[0]?.reason).toEqual({
      kind: "failure-ratio",
      failures: 85,
      answers: 100,
      failureRatio: 0.85,
      threshold: 0.85,
    });
  });

  it("needs enough answers, and enough instances that have them", () => {
    const few = instance("few", { answers: 49, gatewayFailures: 49 });
    expect(judge(rule, [few, ...failing(0, 0, 0, 0, 0)])).toEqual([]);
    expect(judge(rule, [few, ...failing(99, 0, 0, 0)])).toEqual([]);
    expect(judge(rule, failing(99, 0, 0, 0, 0))).toHaveLength(1);
  });

  it("ejects nobody while no quarter of the instances does clearly better", () => {
    expect(judge(rule, failing(100, 100, 100, 100, 100))).toEqual([]);
    expect(judge(rule, failing(95, 92, 90, 90, 88))).toEqual([]);
    expect(judge(rule, failing(100, 100, 100, 100, 100, 100, 0, 0))).toHaveLength(6);
    expect(judge(rule, failing(100, 100, 100, 100, 100, 100, 100, 0))).toEqual([]);
  });

  it("counts no server errors of the application", () => {
    const broken = instance("broken", { serverErrors: 100 });
    expect(judge(rule, [broken, ...failing(0, 0, 0, 0)])).toEqual([]);
  });

  it("judges none that is ejected", () => {
    const ejected = instance("ejected", { gatewayFailures: 100 }, END + 1);
    const returned = instance("returned", { gatewayFailures: 100 }, END);
    expect(judge(rule, [ejected, returned, ...failing(0, 0, 0, 0)])).toEqual([
      ["returned", "failure-ratio"],
    ]);
  });
});

describe("the success rate", () => {
  const defaults = WINDOW_DEFAULTS.successRate as SuccessRateRule;
  const rule: WindowRule = { ...NONE, successRate: defaults };

  it("ejects who is 1.9 deviations below the mean, with the figures", () => {
    const [verdict] = judgeWindow(rule, failing(20, 0, 0, 0, 0), NOW, END);
    expect(verdict?.instance.id).toBe("i0");
    expect(verdict?.reason).toEqual({
      kind: "success-rate",
      failures: 20,
      answers: 100,
      successRatio: expect.closeTo(0.8),
      meanRatio: expect.closeTo(0.96),
      deviation: expect.closeTo(0.08),
      threshold: expect.closeTo(0.96 - 1.9 * 0.08),
    });
  });

  it("leaves alone who is not as far away: two of five that fail alike", () => {
    expect(judge(rule, failing(50, 50, 0, 0, 0))).toEqual([]);
    expect(judge(rule, failing(50, 50, 0, 0, 0, 0, 0, 0, 0, 0))).toHaveLength(2);
  });

  it("ejects nobody for what chance explains", () => {
    expect(judge(rule, failing(1, 0, 0, 0, 0))).toEqual([]);
    const few = { ...NONE, successRate: { ...defaults, minimumDifference: 0 } };
    expect(judge(few, failing(3, 0, 0, 0, 0))).toEqual([]);
    expect(judge(few, failing(4, 0, 0, 0, 0))).toHaveLength(1);
    expect(judge(few, failing(24, 10, 10, 10, 10))).toEqual([]);
    expect(judge(few, failing(26, 10, 10, 10, 10))).toHaveLength(1);
  });

  it("ejects nobody for a difference that does not matter, however sure it is", () => {
    const many = (gatewayFailures: number) =>
      [gatewayFailures, 0, 0, 0, 0].map((failures, index) =>
        instance(`i${index}`, { answers: 100_000, gatewayFailures: failures }),
      );
    expect(judge(rule, many(4_900))).toEqual([]);
    expect(judge(rule, many(5_100))).toHaveLength(1);
  });

  it("hardly ever ejects one of ten that fail alike by chance", () => {
    const tenth = fc.array(fc.nat(99), { minLength: 100, maxLength: 100 });
    let wrong = 0;
    fc.assert(
      fc.property(fc.array(tenth, { minLength: 10, maxLength: 10 }), (lists) => {
        const failures = lists.map((list) => list.filter((number) => number < 10).length);
        wrong += judge(rule, failing(...failures)).length;
      }),
      { seed: 5, numRuns: 100 },
    );
    expect(wrong).toBeLessThanOrEqual(1);
  });

  it("needs enough answers, and enough instances that have them", () => {
    const few = instance("few", { answers: 99, gatewayFailures: 60 });
    expect(judge(rule, [few, ...failing(0, 0, 0, 0, 0)])).toEqual([]);
    expect(judge(rule, [few, ...failing(60, 0, 0, 0)])).toEqual([]);
  });

  it("counts other server errors where that is asked for", () => {
    const instances = [instance("broken", { serverErrors: 60 }), ...failing(0, 0, 0, 0)];
    expect(judge(rule, instances)).toEqual([]);
    expect(
      judge({ ...NONE, successRate: { ...defaults, countServerErrors: true } }, instances),
    ).toEqual([["broken", "success-rate"]]);
  });

  it("ejects nobody where all fail alike", () => {
    for (const failures of [0, 1, 33, 77, 100])
      expect(judge(rule, failing(...new Array<number>(7).fill(failures)))).toEqual([]);
  });

  it("compares with none that is ejected", () => {
    const ejected = instance("ejected", { gatewayFailures: 100 }, END + 1);
    expect(judge(rule, [ejected, ...failing(50, 0, 0, 0)])).toEqual([]);
  });
});

describe("the latency", () => {
  const rule = { ...NONE, latency: LATENCY_DEFAULTS };

  it("is no reason by default", () => {
    expect(judge(WINDOW_DEFAULTS, slow(10_000, 10, 10, 10, 10))).toEqual([]);
  });

  it("ejects who takes many times the median, with the figures", () => {
    expect(judge(rule, slow(99, 20, 20, 20, 20))).toEqual([]);
    expect(judgeWindow(rule, slow(400, 20, 20, 20, 20), NOW, END)[0]?.reason).toEqual({
      kind: "latency",
      answers: 100,
      latencyMs: expect.closeTo(400),
      medianMs: expect.closeTo(20),
      thresholdMs: expect.closeTo(100),
    });
  });

  it("ejects none below the least time, however fast the others are", () => {
    expect(judge(rule, slow(99, 1, 1, 1, 1))).toEqual([]);
    expect(judge(rule, slow(101, 1, 1, 1, 1))).toHaveLength(1);
  });

  it("sees two slow ones of five, which move no median", () => {
    expect(judge(rule, slow(900, 20, 800, 20, 20))).toEqual([
      ["i0", "latency"],
      ["i2", "latency"],
    ]);
  });

  it("leaves alone instances that differ widely by nature", () => {
    expect(judge(rule, slow(10, 30, 90, 270, 810))).toEqual([]);
    expect(judge(rule, slow(80, 85, 90, 95, 810))).toHaveLength(1);
  });

  it("needs enough answers, and enough instances that have them", () => {
    const few = instance("few", { latencies: 19, latencyLogSum: 19 * Math.log(5_000) });
    const enough = instance("enough", { latencies: 20, latencyLogSum: 20 * Math.log(5_000) });
    expect(judge(rule, [few, ...slow(20, 20, 20)])).toEqual([]);
    expect(judge(rule, [enough, ...slow(20, 20)])).toEqual([["enough", "latency"]]);
    expect(judge(rule, [enough, ...slow(20)])).toEqual([]);
  });
});

it("tells each instance once, by the plainest reason, the worst first", () => {
  const rule = { ...WINDOW_DEFAULTS, latency: LATENCY_DEFAULTS };
  const latency = (ms: number) => ({ latencies: 100, latencyLogSum: 100 * Math.log(ms) });
  const calm = Array.from({ length: 20 }, (_, index) => instance(`calm${index}`, latency(10)));
  const instances = [
    instance("slow", latency(500)),
    instance("slower", latency(900)),
    instance("shaky", { ...latency(10), gatewayFailures: 75 }),
    instance("dead", { gatewayFailures: 100 }),
    instance("nearly-dead", { ...latency(5_000), gatewayFailures: 90 }),
    ...calm,
  ];
  expect(judge(rule, instances)).toEqual([
    ["dead", "failure-ratio"],
    ["nearly-dead", "failure-ratio"],
    ["shaky", "success-rate"],
    ["slower", "latency"],
    ["slow", "latency"],
  ]);
});

it("says the same in any order of the instances", () => {
  const rule = { ...WINDOW_DEFAULTS, latency: LATENCY_DEFAULTS };
  const counts = fc.record({
    answers: fc.integer({ min: 80, max: 200 }),
    gatewayFailures: fc.nat(80),
    latencies: fc.constant(80),
    latencyLogSum: fc.double({ min: 80, max: 800, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(counts, { minLength: 5, maxLength: 12 }), (list) => {
      const instances = list.map((each, index) => instance(`i${index}`, each));
      const ids = (order: readonly Instance[]) =>
        judge(rule, order)
          .map(([id]) => id)
          .sort();
      expect(ids(instances.toReversed())).toEqual(ids(instances));
    }),
    { seed: 7 },
  );
});
