import { choose, type Draws } from "./choose.js";
import { pinCookies } from "./client-pin.js";
import { forwardAgain } from "./forward-to.js";
import { Forward, type ForwardDecision } from "./decision.js";
import { hedgeRefusalOf, type HedgeFacts } from "./health/hedge.js";
import { mayRetry } from "./health/retry-budget.js";
import {
  MAX_PAUSE_MS,
  pauseOf,
  refusalOf,
  type RetryFacts,
  type StopReason,
} from "./health/retry.js";
import type { Outcome } from "./outcome.js";
import { isCircuitOpen, isFull } from "./protection.js";
import { targetOf, type Runtime, type Target } from "./runtime.js";
import type { InstanceState } from "./state.js";

/** What follows a failed or a slow attempt. */
export type RetryDecision =
  | { readonly kind: "retry"; readonly decision: ForwardDecision; readonly delayMs: number }
  | { readonly kind: "stop"; readonly reason: StopReason };

/** The attempt after one that failed, or the fact that refuses it. */
export function retryAttempt(
  runtime: Runtime,
  draws: Draws,
  before: Forward,
  outcome: Outcome,
  facts: RetryFacts,
): RetryDecision {
  const { retryRule } = Forward.originOf(before);
  const refusal = refusalOf(retryRule, before.attempt, before.request.method, outcome, facts);
  if (refusal !== undefined) return stop(refusal);
  const service = runtime.services.get(before.service);
  if (service === undefined) return stop("no-instance");
  const { retryBudget } = runtime.plan.services.get(before.service) ?? {};
  if (!mayRetry(retryBudget, service.retryBudget, draws.now())) return stop("budget");
  const delayMs = pauseOf(retryRule, before.attempt, draws.retry, facts);
  if (isTooLong(delayMs, facts)) return stop("time");
  if (isCircuitOpen(targetBefore(runtime, before), draws.now)) return stop("circuit-open");
  const instance = chooseAgain(runtime, draws, before);
  return instance === undefined ? stop("no-instance") : again(runtime, before, instance, delayMs);
}

/** An attempt beside one that is under way, or the fact that refuses it. */
export function hedgeAttempt(
  runtime: Runtime,
  draws: Draws,
  before: Forward,
  facts: HedgeFacts,
): RetryDecision {
  const refusal = hedgeRefusalOf(before, Forward.originOf(before).retryRule, facts);
  if (refusal !== undefined) return stop(refusal);
  const service = runtime.services.get(before.service);
  if (service === undefined) return stop("no-instance");
  const { retryBudget } = runtime.plan.services.get(before.service) ?? {};
  if (!mayRetry(retryBudget, service.retryBudget, draws.now())) return stop("budget");
  const target = targetBefore(runtime, before);
  if (isCircuitOpen(target, draws.now)) return stop("circuit-open");
  if (target !== undefined && isFull(target)) return stop("overloaded");
  const instance = chooseAgain(runtime, draws, before);
  // The same request once more where it is slow already helps nobody.
  if (instance === undefined || isTried(before, instance)) return stop("no-instance");
  return again(runtime, before, instance, 0);
}

function isTooLong(delayMs: number, { remainingMs, retryAfterMs = 0 }: RetryFacts): boolean {
  return remainingMs === undefined ? retryAfterMs >= MAX_PAUSE_MS : delayMs >= remainingMs;
}

function chooseAgain(runtime: Runtime, draws: Draws, before: Forward): InstanceState | undefined {
  const target = targetBefore(runtime, before);
  const tried = [...before.tried, before.instance.id];
  const instance = choose(target, draws, Forward.knownOf(before)?.key, tried);
  // What was sent to an instance cannot be handed to a function of this process, nor a second time.
  return instance?.handler === undefined ? instance : undefined;
}

function targetBefore({ plan, services }: Runtime, before: Forward): Target | undefined {
  return targetOf(plan, services, before.service, Forward.originOf(before).pool);
}

function isTried({ tried, instance }: Forward, { id }: InstanceState): boolean {
  return instance.id === id || tried.includes(id);
}

// Whoever is served by another instance is pinned to that.
function again(
  { plan, services }: Runtime,
  before: Forward,
  instance: InstanceState,
  delayMs: number,
): RetryDecision {
  const { affinity } = plan.services.get(before.service) ?? {};
  const service = services.get(before.service);
  const cookies =
    service === undefined
      ? before.setCookies
      : pinCookies(service, affinity, instance, before.protocol === "https");
  return Object.freeze({
    kind: "retry",
    decision: forwardAgain(before, instance, cookies),
    delayMs,
  });
}

function stop(reason: StopReason): RetryDecision {
  return Object.freeze({ kind: "stop", reason });
}
