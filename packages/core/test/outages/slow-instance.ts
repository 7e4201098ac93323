import { duration, NAIVE, percent, type Outage } from "./outage.js";

const SLOW = "http://i1";

/** One of ten instances is twenty times slower for 40 s. */
export const slowInstance = {
  name: "slow-instance",
  instances: 10,
  scenario: {
    traffic: { perSecond: 1_000 },
    instances: { "*": { serviceMs: { kind: "lognormal", median: 20, sigma: 0.5 }, capacity: 10 } },
    faults: [{ instance: SLOW, kind: "slow", factor: 20, fromMs: 10_000, toMs: 50_000 }],
    durationMs: 60_000,
  },
  setUps: {
    naive: NAIVE,
    random: { ...NAIVE, service: { balancer: "random", outlier: false } },
    "least-request": { ...NAIVE, service: { outlier: false } },
    "peak-ewma": { ...NAIVE, service: { balancer: "peak-ewma", outlier: false } },
    recommended: { service: { balancer: "peak-ewma", outlier: { latency: {} } } },
  },
  columns: [
    { heading: "median", value: ({ latency }) => duration(latency.p50) },
    { heading: "99th percentile", value: ({ latency }) => duration(latency.p99) },
    { heading: "slowest", value: ({ latency }) => duration(latency.max) },
    {
      heading: "share of the slow one",
      value: ({ instances }) => percent(instances[SLOW]?.share ?? 0, 1),
    },
  ],
  plots: [
    {
      name: "slow-instance",
      title: "One of ten instances is 20 times slower",
      unit: "99th percentile (ms)",
      scale: "log",
      value: ({ p99 }) => p99,
    },
  ],
  marks: [{ from: 10, to: 50, text: "slow" }],
} satisfies Outage;
