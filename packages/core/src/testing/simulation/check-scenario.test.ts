import { expect, it } from "vitest";
import type { Scenario } from "./scenario.js";
import { A, runSmall, smallConfig } from "./small-scenario.js";

const MODEL = { serviceMs: 10 };

const refused: readonly (readonly [Partial<Record<keyof Scenario, unknown>>, string])[] = [
  [{ durationMs: 0 }, "durationMs: expected a finite number > 0, got 0"],
  [
    { durationMs: Number.POSITIVE_INFINITY },
    "durationMs: expected a finite number > 0, got Infinity",
  ],
  [{ durationMs: undefined }, "durationMs: expected a finite number > 0, got undefined"],
  [{ sampleMs: -1 }, "sampleMs: expected a finite number > 0, got -1"],
  [{ seed: 1.5 }, "seed: expected a whole number >= 0 and <= 9007199254740991, got 1.5"],
  [
    { traffic: { perSecond: -1 } },
    "traffic[0].perSecond: expected a finite number >= 0 or a function, got -1",
  ],
  [
    { traffic: [{ perSecond: 1 }, { perSecond: "10" }] },
    'traffic[1].perSecond: expected a finite number >= 0 or a function, got "10"',
  ],
  [
    { traffic: { perSecond: () => Number.NaN } },
    "traffic[0].perSecond(0): expected a finite number >= 0, got NaN",
  ],
  [
    { traffic: { perSecond: 1, fromMs: 500, toMs: 400 } },
    "traffic[0].toMs: expected a number > 500, got 400",
  ],
  [
    { traffic: { perSecond: 1, arrivals: "random" } },
    'traffic[0].arrivals: expected "poisson" or "even", got "random"',
  ],
  [
    { traffic: { perSecond: 1, clientRetries: Number.POSITIVE_INFINITY } },
    "traffic[0].clientRetries: expected a finite whole number >= 0, got Infinity",
  ],
  [
    { traffic: { perSecond: 1, patienceMs: 0 } },
    "traffic[0].patienceMs: expected a number > 0, got 0",
  ],
  [
    { instances: { "*": {} } },
    'instances["*"].serviceMs: expected a finite number >= 0, got undefined',
  ],
  [
    { instances: { "*": { serviceMs: { kind: "normal", mean: 3 } } } },
    'instances["*"].serviceMs.kind: expected "uniform", "exponential" or "lognormal", got "normal"',
  ],
  [
    { instances: { "*": { serviceMs: { kind: "uniform", from: 5, to: 4 } } } },
    'instances["*"].serviceMs.to: expected a finite number >= 5, got 4',
  ],
  [
    { instances: { "*": { serviceMs: { kind: "exponential" } } } },
    'instances["*"].serviceMs.mean: expected a finite number >= 0, got undefined',
  ],
  [
    { instances: { "*": { serviceMs: { kind: "lognormal", median: 1, sigma: -1 } } } },
    'instances["*"].serviceMs.sigma: expected a finite number >= 0, got -1',
  ],
  [
    { instances: { "*": { ...MODEL, capacity: 0 } } },
    'instances["*"].capacity: expected a whole number >= 1, got 0',
  ],
  [
    { instances: { "*": { ...MODEL, queue: 1.5 } } },
    'instances["*"].queue: expected a whole number >= 0, got 1.5',
  ],
  [
    { instances: { "*": { ...MODEL, errorRatio: 5 } } },
    'instances["*"].errorRatio: expected a number >= 0 and <= 1, got 5',
  ],
  [
    { instances: { "*": { ...MODEL, coldStart: { factor: 2, durationMs: 0 } } } },
    'instances["*"].coldStart.durationMs: expected a finite number > 0, got 0',
  ],
  [
    { instances: { [A]: MODEL } },
    'instances: expected a model for "http://b", or "*" for all others, got none',
  ],
  [
    { faults: [{ instance: A, kind: "dead", fromMs: 0 }] },
    'faults[0].kind: expected "down", "stalled", "slow" or "failing", got "dead"',
  ],
  [
    { faults: [{ instance: A, kind: "down", fromMs: 5, toMs: 5 }] },
    "faults[0].toMs: expected a number > 5, got 5",
  ],
  [
    { faults: [{ instance: A, kind: "slow", fromMs: 0, factor: 0 }] },
    "faults[0].factor: expected a finite number > 0, got 0",
  ],
  [
    { faults: [{ instance: A, kind: "failing", fromMs: 0, ratio: 2 }] },
    "faults[0].ratio: expected a number >= 0 and <= 1, got 2",
  ],
  [
    { faults: [{ instance: [A, "http://c"], kind: "down", fromMs: 0 }] },
    'faults[0].instance: expected the id of an instance ("http://a", "http://b"), got "http://c"',
  ],
  [
    { deploys: [{ service: "t", fromMs: 0 }] },
    'deploys[0].service: expected the name of a service ("s"), got "t"',
  ],
  [
    { deploys: [{ service: "s", fromMs: 0, downMs: -1 }] },
    "deploys[0].downMs: expected a finite number >= 0, got -1",
  ],
  [{ actions: [{ atMs: 1 }] }, "actions[0].run: expected a function, got undefined"],
  [
    { actions: [{ atMs: Number.NaN, run: () => {} }] },
    "actions[0].atMs: expected a finite number >= 0, got NaN",
  ],
];

it.each(refused.map(([scenario, message]) => ({ scenario, message })))(
  "says $message",
  ({ scenario, message }) => {
    expect(() => runSmall(scenario as Partial<Scenario>)).toThrow(new RangeError(message));
  },
);

it("takes a fault of an instance that joins later, when that has a model", () => {
  const result = runSmall({
    config: smallConfig({ instances: [A] }),
    instances: { "*": MODEL, "http://c": MODEL },
    faults: [{ instance: "http://c", kind: "down", fromMs: 0 }],
    actions: [{ atMs: 0, run: (gateway) => void gateway.service("s").add("http://c") }],
  });
  expect(result.statuses[502]).toBeGreaterThan(40);
});

it("names five of many instances", () => {
  const instances = Array.from({ length: 9 }, (_, index) => `http://i${index}`);
  const faults = [{ instance: "http://x", kind: "down", fromMs: 0 }] as const;
  expect(() => runSmall({ config: smallConfig({ instances }), faults })).toThrow(
    'faults[0].instance: expected the id of an instance ("http://i0", "http://i1", "http://i2", "http://i3", "http://i4", …), got "http://x"',
  );
});
