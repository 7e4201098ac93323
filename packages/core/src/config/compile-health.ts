import type { Balancer } from "../balance/balancer.js";
import { CONCURRENCY_DEFAULTS } from "../health/adaptive-concurrency.js";
import { BREAKER_DEFAULTS, type BreakerRule } from "../health/circuit-breaker.js";
import { LATENCY_DEFAULTS, WINDOW_DEFAULTS } from "../health/outlier-window.js";
import { LEVEL_DEFAULTS, type LevelRule } from "../health/levels.js";
import type { ProbeRule } from "../health/probe.js";
import { DEFAULT_RETRY_BUDGET, type RetryBudgetRule } from "../health/retry-budget.js";
import type { SlowStartRule } from "../health/slow-start.js";
import type {
  BreakerConfig,
  OutlierConfig,
  ProbeConfig,
  RetryBudgetConfig,
} from "./health-config.js";
import type { OutlierPlan, ServiceLimitsPlan } from "./plan.js";
import type { LevelsConfig, ServiceConfig, ServiceLimitsConfig } from "./service-config.js";
import { withDefaults } from "./with-defaults.js";

const DEFAULT_OUTLIER = {
  consecutiveFailures: 5,
  consecutiveConnectFailures: 5,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionRatio: 0.5,
  endedByProbes: true,
  intervalMs: WINDOW_DEFAULTS.intervalMs,
};
/** In which time a returning instance comes to its whole share. */
const DEFAULT_RETURN_MS = 10_000;

/** Outlier detection that was checked; undefined where it is switched off. */
export function compileOutlier(outlier: OutlierConfig = {}): OutlierPlan | undefined {
  if (outlier === false) return undefined;
  const { failureRatio = {}, successRate = {}, latency = false, ...plain } = outlier;
  const { baseEjectionMs, maxEjectionMs, maxEjectionRatio, intervalMs, ...rows } = withDefaults(
    DEFAULT_OUTLIER,
    plain,
  );
  return Object.freeze({
    consecutiveFailures: rows.consecutiveFailures,
    consecutiveConnectFailures: rows.consecutiveConnectFailures,
    ...{ baseEjectionMs, maxEjectionRatio, intervalMs, endedByProbes: rows.endedByProbes },
    maxEjectionMs: Math.max(maxEjectionMs, baseEjectionMs),
    failureRatio: ruleOf(WINDOW_DEFAULTS.failureRatio, failureRatio),
    successRate: ruleOf(WINDOW_DEFAULTS.successRate, successRate),
    latency: ruleOf(LATENCY_DEFAULTS, latency),
  });
}

function ruleOf<Rule extends object>(
  defaults: Rule | undefined,
  given: false | Partial<Rule>,
): Rule | undefined {
  return given === false || defaults === undefined
    ? undefined
    : Object.freeze(withDefaults(defaults, given) as Rule);
}

/** Preparing 10 000 instances takes a tenth of a second: balancers that hash do it so often in a slow start at most. */
const SHARED_STEPS = 4;

/** How new and returning instances warm up. */
export function compileSlowStart(
  slowStartMs = 0,
  { slowStart }: Pick<ServiceConfig, "slowStart">,
  outlier: OutlierConfig | undefined,
  { usesKey, prepare }: Balancer,
): SlowStartRule {
  const { returnMs = DEFAULT_RETURN_MS } = outlier === false ? { returnMs: 0 } : (outlier ?? {});
  const sharedSteps = usesKey === true && prepare !== undefined ? SHARED_STEPS : 0;
  return Object.freeze({ ...slowStart, slowStartMs, returnMs, sharedSteps });
}

/** How traffic is spread over tiers and zones. */
export function compileLevels(levels: LevelsConfig = {}): LevelRule {
  return Object.freeze(withDefaults<LevelRule>(LEVEL_DEFAULTS, levels));
}

/** The retry budget of a service; undefined for no limit. */
export function compileRetryBudget(budget: RetryBudgetConfig = {}): RetryBudgetRule | undefined {
  return ruleOf(DEFAULT_RETRY_BUDGET, budget);
}

/** A circuit breaker; undefined where there is none. */
export function compileBreaker(breaker: BreakerConfig = false): BreakerRule | undefined {
  return ruleOf(BREAKER_DEFAULTS, breaker);
}

const DEFAULT_LIMITS = { requests: 0, perInstance: 0, queue: 0, queueMs: 5_000 };

/** Limits of the requests under way at a service. */
export function compileLimits({
  adaptive = false,
  ...plain
}: ServiceLimitsConfig = {}): ServiceLimitsPlan {
  const rule = adaptive === true ? {} : adaptive;
  return Object.freeze({
    ...withDefaults(DEFAULT_LIMITS, plain),
    adaptive: ruleOf(CONCURRENCY_DEFAULTS, rule),
  });
}

/** Probes that were checked; undefined where there are none. */
export function compileProbe(probe: ProbeConfig | undefined): ProbeRule | undefined {
  if (probe === undefined || probe === false) return undefined;
  const { expect: { status = [], body = "" } = {}, intervalMs = 10_000 } = probe;
  return Object.freeze({
    type: probe.type ?? "http",
    path: probe.path ?? "/",
    method: probe.method ?? "GET",
    host: probe.host ?? "",
    port: probe.port ?? 0,
    grpcService: probe.grpcService ?? "",
    intervalMs,
    timeoutMs: probe.timeoutMs ?? Math.min(2_000, intervalMs),
    healthyAfter: probe.healthyAfter ?? 2,
    unhealthyAfter: probe.unhealthyAfter ?? 3,
    statuses: Object.freeze([status].flat()),
    body,
    jitter: probe.jitter ?? 0.1,
  });
}
