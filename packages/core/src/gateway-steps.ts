import type { AffinityConfig } from "./affinity/affinity-config.js";
import type { Balancer } from "./balance/balancer.js";
import type { BalancerConfig } from "./config/balancer-config.js";
import type { GatewayConfig } from "./config/config.js";
import type { InstanceConfig } from "./config/service-config.js";
import type { Outcome } from "./outcome.js";

/** Of the instances that there may be. */
export const IDS = ["a", "b", "c", "d", "e"];
/** Of routes to all, to one version, and to a split. */
export const PATHS = ["/", "/v1", "/split", "/"];
/** Nobody took the connection. */
export const REFUSED: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
/** What attempts may come to. */
export const OUTCOMES: readonly Outcome[] = [
  { kind: "response", status: 200, totalMs: 5 },
  { kind: "response", status: 503, totalMs: 5 },
  { kind: "response", status: 404, totalMs: 900 },
  REFUSED,
  { kind: "failure", stage: "body", cause: "reset" },
  { kind: "cancelled", stage: "head" },
];
/** What may happen to a gateway, what is usual more often. */
export const KINDS = [
  ...([
    "decide",
    "decide",
    "start",
    "start",
    "report",
    "report",
    "head",
    "retry",
    "hedge",
  ] as const),
  ...(["serve", "serve", "serve", "break", "break", "break", "break", "advance", "tick"] as const),
  ...(["drain", "resume", "probe", "probe", "probe", "setWeight"] as const),
  ...(["add", "remove", "set", "update", "restore"] as const),
];
/** Longest ejection. Unit: milliseconds. */
export const MOST_EJECTION_MS = 2_000;

/** What an update may change beside the instances. */
export interface Settings {
  readonly balancer: BalancerConfig | "own";
  readonly affinity: AffinityConfig | undefined;
  readonly isProbed: boolean;
  readonly triesAll: boolean;
  readonly slowStartMs: number;
  readonly limit: number;
}
/** One thing that happens; what `n` means depends on its kind. */
export type Step = {
  readonly kind: (typeof KINDS)[number];
  readonly id: string;
  readonly n: number;
};
/** An instance, described in one of several ways. */
export const instance = (id: string, n: number): InstanceConfig => ({
  ...{ id, url: `http://${id}`, version: id < "c" ? "v1" : "v2" },
  ...{ tier: n & 1, weight: 1 + (n & 2), zone: n & 4 ? "far" : "near" },
});
/** Some of the instances: those whose bit is set. */
export const listed = (n: number) =>
  IDS.filter((_, bit) => n & (1 << bit)).map((id) => instance(id, n));

/** The configuration with these settings; `own` is the balancer of that name. */
export function configOf(
  { balancer, affinity, isProbed, triesAll, slowStartMs, limit }: Settings,
  own: Balancer,
  instances: readonly InstanceConfig[],
): GatewayConfig {
  const window = { minimumInstances: 2, minimumAnswers: 3 };
  return {
    zone: "near",
    services: {
      s: {
        ...{ instances, slowStartMs, limits: { requests: limit } },
        balancer: balancer === "own" ? own : balancer,
        ...(affinity === undefined ? {} : { affinity }),
        ...(isProbed ? { probe: { healthyAfter: 1, unhealthyAfter: 1 } } : {}),
        whenNoneEligible: triesAll ? "try-all" : "reject",
        outlier: {
          ...{ consecutiveFailures: 2, consecutiveConnectFailures: 2, maxEjectionRatio: 1 },
          ...{ baseEjectionMs: 500, maxEjectionMs: MOST_EJECTION_MS, returnMs: 400 },
          ...{ intervalMs: 1_000, failureRatio: window, successRate: window, latency: window },
        },
      },
    },
    routes: [
      {
        ...{ match: { path: "/v1" }, to: { service: "s", version: "v1" }, retry: { attempts: 3 } },
        hedge: { delayMs: 5 },
      },
      {
        ...{ match: { path: "/split" }, to: { service: "s", split: { v1: 1, v2: 1 } } },
        mirror: [{ service: "s" }],
      },
      { to: "s", retry: { attempts: 3, statuses: [503] }, hedge: { delayMs: 5 } },
    ],
  };
}
