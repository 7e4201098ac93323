import type {
  ForwardLimits,
  ForwardRules,
  HedgeRule,
  MirrorCompare,
  RetryRule,
  Timeouts,
} from "../decision.js";
import type { DefaultsConfig } from "./config.js";
import type {
  HedgeConfig,
  MirrorCompareConfig,
  MirrorConfig,
  RouteConfig,
  RouteLimitsConfig,
  TimeoutsConfig,
} from "./route-config.js";
import type { ForwardPlan } from "./plan.js";
import { withDefaults } from "./with-defaults.js";

type Forwarding = Pick<ForwardPlan, "rules" | "rulesOnce" | "replayMethods">;

/** What of a route holds for forwarding whatever instance is chosen. */
export function compileForwarding(
  route: RouteConfig,
  defaults: DefaultsConfig,
  { attempts, methods }: RetryRule,
): Forwarding {
  const rules: ForwardRules = Object.freeze({
    timeouts: compileTimeouts(route.timeouts, defaults.timeouts),
    limits: compileLimits(defaults.limits, route.limits),
    hedge: compileHedge(route.hedge),
    compare: undefined,
  });
  const limits = Object.freeze({ ...rules.limits, replayBytes: 0 });
  // A body is kept only where it may be sent once more. A copy is made of every method.
  const hasMirrors = (route.mirror ?? []).length > 0;
  return {
    rules,
    rulesOnce: hasMirrors ? rules : Object.freeze({ ...rules, limits }),
    replayMethods: attempts > 0 || route.hedge !== undefined ? methods : NO_METHODS,
  };
}

const NO_METHODS: readonly string[] = Object.freeze([]);

const DEFAULT_LIMITS: ForwardLimits = { bodyBytes: 0, replayBytes: 65_536, uploadBytesPerS: 240 };

function compileLimits(...layers: readonly (RouteLimitsConfig | undefined)[]): ForwardLimits {
  return Object.freeze(withDefaults<ForwardLimits>(DEFAULT_LIMITS, ...layers));
}

function compileHedge(hedge: HedgeConfig | undefined): HedgeRule | undefined {
  return hedge && Object.freeze({ delayMs: hedge.delayMs, attempts: hedge.attempts ?? 1 });
}

function compileCompare(compare: MirrorCompareConfig | undefined): MirrorCompare | undefined {
  if (compare === undefined) return undefined;
  const { status = true, headers = [] } = compare;
  const names = headers.map((name) => name.toLowerCase());
  return Object.freeze({ status, headers: Object.freeze(names) });
}

/** What holds for a copy of a request: one limit of time, and nothing after it. */
export function mirrorRules(
  { timeoutMs = 10_000, compare }: MirrorConfig,
  defaults: DefaultsConfig,
): ForwardRules {
  return Object.freeze({
    timeouts: Object.freeze({ ...NO_TIMEOUTS, requestMs: timeoutMs, idleMs: timeoutMs }),
    limits: compileLimits(defaults.limits),
    hedge: undefined,
    compare: compileCompare(compare),
  });
}

const NO_TIMEOUTS: Timeouts = { requestMs: 0, attemptMs: 0, headMs: 0, idleMs: 60_000 };

function compileTimeouts(
  own: TimeoutsConfig | undefined,
  defaults: TimeoutsConfig | undefined,
): Timeouts {
  const { requestMs, attemptMs, headMs, idleMs } = withDefaults<TimeoutsConfig>(
    NO_TIMEOUTS,
    defaults,
    own,
  );
  return Object.freeze({
    requestMs: Number(requestMs),
    attemptMs: Number(attemptMs),
    headMs: Number(headMs),
    idleMs: Number(idleMs),
  });
}
