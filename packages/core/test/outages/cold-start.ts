import { between, duration, NAIVE, percent, sumOf, worstP99, type Outage } from "./outage.js";

const NEW = "http://i5";
const SLOW_START_MS = 30_000;

/** A fifth instance is added to four that are busy; it is 20 times slower at first, and warm after 10 s. */
export const coldStart = {
  name: "cold-start",
  instances: 4,
  scenario: {
    traffic: { perSecond: 600 },
    instances: {
      "*": {
        serviceMs: { kind: "lognormal", median: 20, sigma: 0.5 },
        capacity: 5,
        coldStart: { factor: 20, durationMs: 10_000 },
      },
    },
    actions: [{ atMs: 10_000, run: (gateway) => void gateway.service("shop").add(NEW) }],
    durationMs: 60_000,
  },
  setUps: {
    naive: NAIVE,
    "round-robin, slow start": {
      ...NAIVE,
      service: { ...NAIVE.service, slowStartMs: SLOW_START_MS },
    },
    "least-request": { ...NAIVE, service: {} },
    recommended: { service: { slowStartMs: SLOW_START_MS } },
  },
  columns: [
    {
      heading: "worst 99th percentile of a second",
      value: (result) => duration(worstP99(result, 10, 60)),
    },
    { heading: "slowest", value: ({ latency }) => duration(latency.max) },
    {
      heading: "most in flight at the new one",
      value: ({ instances }) => String(instances[NEW]?.maxInFlight),
    },
    {
      heading: "its share in the first 10 s",
      value: (result) => {
        const points = between(result, 10, 20);
        const attempts = sumOf(points, (point) => point.attempts);
        return percent(sumOf(points, ({ served }) => served[NEW] ?? 0) / attempts, 1);
      },
    },
  ],
  plots: [
    {
      name: "cold-start",
      title: "A cold instance joins four busy ones",
      unit: "99th percentile (ms)",
      scale: "log",
      value: ({ p99 }) => p99,
    },
  ],
  marks: [{ from: 10, to: 20, text: "cold" }],
} satisfies Outage;
