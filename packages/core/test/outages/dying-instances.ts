import { duration, failedRatio, NAIVE, percent, type Outage } from "./outage.js";

/** Two of five instances die, and come back after 30 s. */
export const dyingInstances = {
  name: "dying-instances",
  instances: 5,
  scenario: {
    traffic: { perSecond: 500 },
    instances: { "*": { serviceMs: { kind: "lognormal", median: 20, sigma: 0.5 }, capacity: 10 } },
    faults: [{ instance: ["http://i1", "http://i2"], kind: "down", fromMs: 10_000, toMs: 40_000 }],
    durationMs: 60_000,
  },
  setUps: {
    naive: NAIVE,
    "least-request alone": { ...NAIVE, service: { outlier: false } },
    "defaults, no retries": { route: { retry: { attempts: 0 } } },
    recommended: { route: { retry: { attempts: 2 } } },
  },
  columns: [
    { heading: "failed", value: (result) => percent(failedRatio(result), 3) },
    { heading: "failed in the outage", value: (result) => percent(failedRatio(result, 10, 40)) },
    { heading: "99th percentile", value: ({ latency }) => duration(latency.p99) },
    { heading: "retries", value: ({ retries }) => String(retries) },
  ],
  plots: [
    {
      name: "dying-instances",
      title: "Two of five instances die",
      unit: "failed requests (1/s)",
      scale: "linear",
      value: ({ failed }) => failed,
    },
  ],
  marks: [{ from: 10, to: 40, text: "two are dead" }],
} satisfies Outage;
