import { observeLatency } from "./balance/peak-ewma.js";
import type { Announce } from "./change.js";
import type { ServicePlan } from "./config/plan.js";
import { consecutiveReason, countConsecutive } from "./health/consecutive.js";
import { dueEjections } from "./health/due-ejections.js";
import type { EjectionReason } from "./health/ejection-reason.js";
import { isEligible } from "./health/eligible.js";
import { latencyOf } from "./health/grade.js";
import { dueEjection, type Ejection } from "./health/outlier.js";
import { isWindowOver, judgeWindow } from "./health/outlier-window.js";
import { clearWindowCounts, countInWindow } from "./health/window-counts.js";
import type { Outcome } from "./outcome.js";
import { makeStale } from "./pool-levels.js";
import type { Runtime } from "./runtime.js";
import { nameOf, settleDue } from "./due.js";
import type { InstanceState, ServiceState } from "./state.js";

/**
 * Health learns from an outcome.
 *
 * @param isJudged whether the head of the same attempt was looked at before
 */
export function judge(
  runtime: Runtime,
  instance: InstanceState,
  outcome: Outcome,
  isJudged: boolean,
  now: number,
  announce: Announce,
): void {
  const plan = runtime.plan.services.get(instance.service);
  const service = runtime.services.get(instance.service);
  // It left, or belongs to a state from before a restore.
  if (plan === undefined || service?.instances.get(instance.id) !== instance) return;
  // Who has returned meanwhile begins anew.
  if (now >= service.dueAt) settleDue(service, now, announce);
  if (!isJudged || outcome.kind === "failure") countConsecutive(instance, outcome);
  if (!isJudged) learnLatency(plan, instance, outcome, now);
  const { outlier } = plan;
  if (outlier === undefined) return;
  endWindow(plan, service, now, announce);
  countInWindow(instance.counts, outcome, isJudged);
  const reason = consecutiveReason(outlier, instance);
  if (reason === undefined) return;
  // The row is long enough, whichever of the two it is.
  const rule = { ...outlier, consecutiveFailures: 0 };
  const ejection = dueEjection(rule, instance, othersOf(service, instance, now), now);
  if (ejection !== undefined) eject(service, instance, ejection, reason, now, announce);
}

function learnLatency(
  { balancer }: ServicePlan,
  instance: InstanceState,
  outcome: Outcome,
  now: number,
): void {
  if (balancer.latencyDecayMs === undefined) return;
  const ms = latencyOf(outcome);
  if (ms !== undefined) observeLatency(instance, ms, now, balancer.latencyDecayMs);
}

// At the first report behind the end of an interval all instances of the service are compared.
function endWindow(
  { outlier }: ServicePlan,
  service: ServiceState,
  now: number,
  announce: Announce,
): void {
  if (outlier === undefined || !isWindowOver(outlier, service.windowStartedAt, now)) return;
  const instances = [...service.instances.values()];
  const verdicts = judgeWindow(outlier, instances, service.windowStartedAt, now);
  const due = dueEjections(outlier, verdicts, instances, isEligible, now);
  for (const { instance, ejection, reason } of due)
    eject(service, instance, ejection, reason, now, announce);
  for (const { counts } of instances) clearWindowCounts(counts);
  service.windowStartedAt = now;
}

function eject(
  service: ServiceState,
  instance: InstanceState,
  { until, factor }: Ejection,
  reason: EjectionReason,
  now: number,
  announce: Announce,
): void {
  instance.ejectedUntil = until;
  instance.ejectionFactor = factor;
  instance.isEjected = true;
  instance.consecutiveFailures = 0;
  instance.consecutiveConnectFailures = 0;
  service.dueAt = Math.min(service.dueAt, until);
  makeStale(instance);
  announce({ kind: "ejected", ...nameOf(instance), forMs: until - now, reason });
}

function othersOf(
  service: ServiceState,
  instance: InstanceState,
  now: number,
): { eligible: number; ejected: number; all: number } {
  let eligible = 0;
  let ejected = 0;
  for (const other of service.instances.values()) {
    if (other === instance) continue;
    if (isEligible(other, now)) eligible++;
    else if (other.ejectedUntil > now) ejected++;
  }
  return { eligible, ejected, all: service.instances.size };
}
