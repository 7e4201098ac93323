import { duration, failedRatio, NAIVE, percent, type Outage, type SetUp } from "./outage.js";

const KILLED: SetUp = {
  scenario: {
    deploys: [{ service: "shop", fromMs: 5_000, downMs: 2_000, pauseMs: 2_000, drain: false }],
  },
};

/** All ten instances are replaced, one after the other; each is away for 2 s and comes back cold. */
export const rollingDeploy = {
  name: "rolling-deploy",
  instances: 10,
  scenario: {
    traffic: { perSecond: 500 },
    instances: {
      "*": {
        serviceMs: { kind: "lognormal", median: 100, sigma: 0.5 },
        capacity: 20,
        coldStart: { factor: 3, durationMs: 2_000 },
      },
    },
    deploys: [{ service: "shop", fromMs: 5_000, downMs: 2_000, pauseMs: 2_000 }],
    durationMs: 60_000,
  },
  setUps: {
    naive: { ...NAIVE, ...KILLED },
    "defaults, killed": KILLED,
    "retries, killed": { route: { retry: { attempts: 2 } }, ...KILLED },
    recommended: { route: { retry: { attempts: 2 } } },
  },
  columns: [
    { heading: "failed", value: (result) => percent(failedRatio(result), 3) },
    { heading: "99th percentile", value: ({ latency }) => duration(latency.p99) },
    { heading: "retries", value: ({ retries }) => String(retries) },
    { heading: "ejections", value: ({ events }) => String(events["ejected"] ?? 0) },
  ],
  plots: [
    {
      name: "rolling-deploy",
      title: "All ten instances are replaced",
      unit: "failed requests (1/s)",
      scale: "linear",
      value: ({ failed }) => failed,
    },
  ],
  marks: [{ from: 5, to: 45, text: "deploy" }],
} satisfies Outage;
