import type { SimulationPoint, SimulationResult } from "../../src/testing/simulation/results.js";
import {
  between,
  duration,
  failedRatio,
  instancesUpTo,
  NAIVE,
  percent,
  sumOf,
  type Outage,
} from "./outage.js";

const DEAD = instancesUpTo(10).slice(1);
const RETRY = { attempts: 2 };
/** An outage of nearly all is met by looking again soon, not by waiting long. */
const EJECTED = { maxEjectionRatio: 0.9, baseEjectionMs: 5_000, maxEjectionMs: 5_000 };

/** Nine of ten instances die for 30 s, and come back cold, one a second. The traffic that the last one bore turns to them. */
export const thunderingHerd = {
  name: "thundering-herd",
  instances: 10,
  scenario: {
    traffic: { perSecond: 300 },
    instances: {
      "*": {
        serviceMs: { kind: "lognormal", median: 20, sigma: 0.5 },
        capacity: 10,
        queue: 200,
        coldStart: { factor: 10, durationMs: 10_000 },
      },
    },
    faults: DEAD.map((instance, index) => ({
      instance,
      kind: "down" as const,
      fromMs: 10_000,
      toMs: 40_000 + index * 1_000,
    })),
    durationMs: 70_000,
  },
  setUps: {
    naive: NAIVE,
    "no gradual return": {
      service: { outlier: { ...EJECTED, returnMs: 0 } },
      route: { retry: RETRY },
    },
    recommended: { service: { outlier: EJECTED }, route: { retry: RETRY } },
  },
  columns: [
    { heading: "failed", value: (result) => percent(failedRatio(result)) },
    {
      heading: "99th percentile after the return",
      value: (result) => duration(p99AfterReturn(result)),
    },
    {
      heading: "most in flight at one that came back",
      value: (result) => String(fullestReturned(result)),
    },
    {
      heading: "share of the busiest of them, 40 to 50 s",
      value: (result) => percent(busiestShare(result), 0),
    },
  ],
  plots: [
    {
      name: "thundering-herd",
      title: "Nine of ten instances come back, one a second",
      unit: "in flight at the fullest that came back",
      scale: "linear",
      value: fullestAt,
    },
  ],
  marks: [{ from: 10, to: 40, text: "nine are dead" }],
} satisfies Outage;

function fullestAt({ inFlight }: SimulationPoint): number {
  return Math.max(...DEAD.map((id) => inFlight[id] ?? 0));
}

/** Most requests in flight at an instance that came back, at any time. */
export function fullestReturned({ instances }: SimulationResult): number {
  return Math.max(...DEAD.map((id) => instances[id]?.maxInFlight ?? 0));
}

/** Mean of the 99th percentiles of the ten seconds in which they come back. */
export function p99AfterReturn(result: SimulationResult): number {
  const points = between(result, 40, 50);
  return sumOf(points, ({ p99 }) => p99) / points.length;
}

/** Largest share of the attempts that went to one instance that came back, in the ten seconds in which they do. */
export function busiestShare(result: SimulationResult): number {
  const points = between(result, 40, 50);
  const attempts = sumOf(points, (point) => point.attempts);
  return Math.max(...DEAD.map((id) => sumOf(points, ({ served }) => served[id] ?? 0) / attempts));
}
