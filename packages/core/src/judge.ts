import { observeLatency } from "./balance/peak-ewma.js";
import type { Announce } from "./change.js";
import type { ServicePlan } from "./config/plan.js";
import { settleDue } from "./due.js";
import { eject, judgeRow, undoShared } from "./ejections.js";
import { countConsecutive } from "./health/consecutive.js";
import { dueEjections } from "./health/due-ejections.js";
import { isEligible } from "./health/eligible.js";
import { latencyOf } from "./health/grade.js";
import { isWindowOver, judgeWindow } from "./health/outlier-window.js";
import { failureShareAfter, moveInTally } from "./health/shared-failures.js";
import { clearWindowCounts, countInWindow } from "./health/window-counts.js";
import type { Outcome } from "./outcome.js";
import type { Runtime } from "./runtime.js";
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
  if (!isJudged || outcome.kind === "failure") countFailures(service, instance, outcome, now);
  if (!isJudged) learnLatency(plan, instance, outcome, now);
  const { outlier } = plan;
  if (outlier === undefined) return;
  endWindow(plan, service, now, announce);
  countInWindow(instance.counts, outcome, isJudged);
  judgeRow(outlier, service, instance, now, announce);
  undoShared(outlier, service, instance, now, announce);
}

function countFailures(
  { tally }: ServiceState,
  instance: InstanceState,
  outcome: Outcome,
  now: number,
): void {
  countConsecutive(instance, outcome);
  const before = instance.failureShare;
  instance.failureShare = failureShareAfter(before, outcome);
  if (tally !== undefined && instance.failureShare !== before && isEligible(instance, now))
    moveInTally(tally, before, instance.failureShare);
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
