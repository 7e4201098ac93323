import { failedRatio, goodput, instancesUpTo, NAIVE, percent, type Outage } from "./outage.js";

const TIMEOUTS = { attemptMs: 500 };
const ROUTE = { retry: { attempts: 3, statuses: [503] }, timeouts: TIMEOUTS };
const FEW_EJECTED = { outlier: { maxEjectionRatio: 0.1 } };

/**
 * For 5 s there is twice as much traffic as the service bears. Clients leave after 2 s, and ask once more when they got an error;
 * two requests in a hundred fail at all times.
 */
export const retryStorm = {
  name: "retry-storm",
  instances: 10,
  scenario: {
    traffic: {
      perSecond: (atMs) => (atMs >= 10_000 && atMs < 15_000 ? 2_000 : 400),
      clientRetries: 1,
      patienceMs: 2_000,
    },
    instances: {
      "*": {
        serviceMs: { kind: "lognormal", median: 40, sigma: 0.5 },
        capacity: 5,
        queue: 100,
      },
    },
    faults: [{ instance: instancesUpTo(10), kind: "failing", ratio: 0.02, fromMs: 0 }],
    durationMs: 60_000,
  },
  setUps: {
    naive: { ...NAIVE, route: { ...NAIVE.route, timeouts: TIMEOUTS } },
    "no budget": { service: { retryBudget: false, ...FEW_EJECTED }, route: ROUTE },
    "budget, half ejected": { route: ROUTE },
    "budget, few ejected": { service: FEW_EJECTED, route: ROUTE },
    recommended: { service: { limits: { perInstance: 20 } }, route: ROUTE },
  },
  columns: [
    { heading: "failed before it", value: (result) => percent(failedRatio(result, 0, 10)) },
    { heading: "goodput in the overload", value: (result) => percent(goodput(result, 10, 15), 0) },
    {
      heading: "5 to 15 s after",
      value: (result) => percent(goodput(result, 20, 30), 0),
    },
    { heading: "in the last 10 s", value: (result) => percent(goodput(result, 50, 60), 0) },
    {
      heading: "attempts a client",
      value: ({ attempts, clients }) => (attempts / clients).toFixed(2),
    },
    {
      heading: "wasted work",
      value: ({ wastedMs, instances }) => percent(wastedMs / busyMs(instances), 0),
    },
  ],
  plots: [
    {
      name: "retry-storm",
      title: "An overload of 5 s: what clients get",
      unit: "answered well (1/s)",
      scale: "linear",
      value: ({ succeeded }) => succeeded,
    },
    {
      name: "retry-storm-attempts",
      title: "An overload of 5 s: what instances get",
      unit: "attempts a client",
      scale: "linear",
      value: ({ attempts, clients }) => attempts / clients,
    },
  ],
  marks: [{ from: 10, to: 15, text: "overload" }],
} satisfies Outage;

function busyMs(instances: { readonly [id: string]: { readonly busyMs: number } }): number {
  return Object.values(instances).reduce((sum, instance) => sum + instance.busyMs, 0);
}
