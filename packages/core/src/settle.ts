import type { Announce } from "./change.js";
import { noteSession } from "./client-pin.js";
import { Forward } from "./decision.js";
import { settleDue, tellDrained } from "./due.js";
import { isGatewayFailure } from "./health/outlier.js";
import { countAttempt } from "./health/retry-budget.js";
import { judge } from "./judge.js";
import { beginCall, breakCall, endCall, forgetCall } from "./protection.js";
import type { Outcome } from "./outcome.js";
import type { Runtime } from "./runtime.js";
import type { InstanceState, ServiceState } from "./state.js";

/** Takes a place at the instance of a decision. False when it was started before or the instance is gone. */
export function startAttempt(
  runtime: Runtime,
  decision: Forward,
  now: number,
  announce: Announce,
): boolean {
  const service = runtime.services.get(decision.service);
  const instance = service?.instances.get(decision.instance.id);
  if (service === undefined || instance === undefined) return false;
  // The same id at another URL is another place than the one that was chosen.
  if (instance.reference !== decision.instance) return false;
  if (!Forward.start(decision, instance)) return false;
  count(instance, 1);
  const known = Forward.knownOf(decision);
  takeTurn(service, decision, known?.isPinned === true);
  // Of later attempts the one that answers is kept: a hedge that is started may be the one that is left.
  if (decision.attempt === 1) noteSession(service, known?.session, instance, now);
  if (now >= service.dueAt) settleDue(service, now, announce);
  const plan = runtime.plan.services.get(service.name);
  if (plan?.breaker !== undefined)
    Forward.belongTo(decision, beginCall(plan, service, now, announce));
  countAttempt(service.retryBudget, decision.attempt > 1, now);
  return true;
}

// Each kind has turns of its own: what comes with every second request would else leave the others to every second instance.
function takeTurn({ pools }: ServiceState, decision: Forward, isPinned: boolean): void {
  const { pool: version, isCopy } = Forward.originOf(decision);
  const pool = pools.get(version);
  if (pool === undefined) return;
  if (isCopy) pool.copyCursor++;
  else if (decision.attempt > 1) pool.laterCursor++;
  else if (isPinned) pool.pinnedCursor++;
  else pool.cursor++;
}

/** Takes an outcome back into the state. False when it was not expected: never started, or reported before. */
export function settleOutcome(
  runtime: Runtime,
  decision: Forward,
  outcome: Outcome,
  now: number,
  announce: Announce,
  draw: () => number,
): boolean {
  if (outcome.kind === "head") {
    const instance = Forward.judge(decision, isGatewayFailure(outcome.status));
    if (instance === undefined) return false;
    noteAnswer(runtime, decision, instance, now);
    judge(runtime, instance, outcome, false, now, announce);
    learn(runtime, decision, outcome, draw, now, announce);
    return true;
  }
  const ended = Forward.end(decision);
  if (ended === undefined) return false;
  const { instance, isJudged, isBlamed } = ended;
  if (!isJudged) learn(runtime, decision, outcome, draw, now, announce);
  else if (!isBlamed && outcome.kind === "failure") unlearn(runtime, decision, now, announce);
  count(instance, -1);
  if (!isJudged && outcome.kind === "response") noteAnswer(runtime, decision, instance, now);
  // One attempt is one failure at most, whatever came after a head that was one.
  if (!isBlamed && (!isJudged || outcome.kind === "failure"))
    judge(runtime, instance, outcome, isJudged, now, announce);
  if (instance.inFlight === 0) tellDrained(instance, now, announce);
  return true;
}

// A session stays with the instance that has answered it.
function noteAnswer(
  { services }: Runtime,
  decision: Forward,
  instance: InstanceState,
  now: number,
): void {
  const session = Forward.knownOf(decision)?.session;
  const service = services.get(decision.service);
  if (session !== undefined && service?.instances.get(instance.id) === instance)
    noteSession(service, session, instance, now);
}

// What protects a service looks at each attempt once.
function learn(
  { plan, services }: Runtime,
  decision: Forward,
  outcome: Outcome,
  draw: () => number,
  now: number,
  announce: Announce,
): void {
  const servicePlan = plan.services.get(decision.service);
  const service = services.get(decision.service);
  if (servicePlan === undefined || service === undefined) return;
  if (servicePlan.breaker === undefined && servicePlan.limits.adaptive === undefined) return;
  const period = Forward.periodOf(decision);
  if (outcome.kind === "cancelled") return forgetCall(service, period);
  const { attemptMs } = decision.timeouts;
  endCall(servicePlan, service, { period, outcome, attemptMs }, draw, now, announce);
}

// A head that was well, and no whole response behind it.
function unlearn(
  { plan, services }: Runtime,
  decision: Forward,
  now: number,
  announce: Announce,
): void {
  const servicePlan = plan.services.get(decision.service);
  const service = services.get(decision.service);
  if (servicePlan === undefined || service === undefined) return;
  breakCall(servicePlan, service, Forward.periodOf(decision), now, announce);
}

function count(instance: InstanceState, requests: 1 | -1): void {
  instance.inFlight += requests;
  instance.load.inFlight += requests;
  for (const pool of instance.pools) pool.inFlight += requests;
  for (const level of instance.levels) if (level !== undefined) level.inFlight += requests;
}
