import type { Announce, GatewayChange } from "./change.js";
import type { Runtime } from "./runtime.js";
import { Forward } from "./decision.js";
import { isEligible } from "./health/eligible.js";
import { dueEjection, isGatewayFailure } from "./health/outlier.js";
import { countAttempt } from "./health/retry-budget.js";
import type { Outcome } from "./outcome.js";
import { makeStale } from "./pool-levels.js";
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
  const pool = service.pools.get(Forward.originOf(decision).pool);
  if (pool !== undefined) pool.cursor++;
  if (now >= service.dueAt) settleDue(service, now, announce);
  countAttempt(service.retryBudget, decision.attempt > 1, now);
  return true;
}

/** Takes an outcome back into the state. False when it was not expected: never started, or reported before. */
export function settleOutcome(
  runtime: Runtime,
  decision: Forward,
  outcome: Outcome,
  now: number,
  announce: Announce,
): boolean {
  if (outcome.kind === "head") {
    const instance = Forward.judge(decision, isGatewayFailure(outcome.status));
    if (instance === undefined) return false;
    judgeStatus(runtime, instance, outcome.status, now, announce);
    return true;
  }
  const ended = Forward.end(decision);
  if (ended === undefined) return false;
  const { instance, isJudged, isBlamed } = ended;
  count(instance, -1);
  // One attempt is one failure at most, whatever came after a head that was one.
  if (outcome.kind === "failure" && !isBlamed) countFailure(runtime, instance, now, announce);
  else if (outcome.kind === "response" && !isJudged)
    judgeStatus(runtime, instance, outcome.status, now, announce);
  if (instance.inFlight === 0) tellDrained(instance, now, announce);
  return true;
}

function count(instance: InstanceState, requests: 1 | -1): void {
  instance.inFlight += requests;
  instance.load.inFlight += requests;
  for (const pool of instance.pools) pool.inFlight += requests;
}

/** Tells once that an instance that gets nothing new has nothing under way, and keeps no sessions any more. */
export function tellDrained(instance: InstanceState, now: number, announce: Announce): void {
  const { hasLeft, drainUntil, inFlight, isDrained } = instance;
  if (isDrained || inFlight > 0 || (!hasLeft && (drainUntil === 0 || drainUntil > now))) return;
  instance.isDrained = true;
  announce({ kind: "drained", ...nameOf(instance) });
}

/** An instance gets nothing new from now on. */
export function leave(instance: InstanceState, now: number, announce: Announce): void {
  instance.hasLeft = true;
  // One that drained before may have got requests of its sessions since.
  instance.isDrained = false;
  announce({ kind: "left", ...nameOf(instance) });
  tellDrained(instance, now, announce);
}

/** How a change names an instance. */
export function nameOf({
  service,
  reference,
}: InstanceState): Pick<GatewayChange, "service" | "instance"> {
  return { service, instance: reference };
}

/**
 * Ends the ejections whose time has passed, and the drains whose sessions have ended. Nothing in core waits: it is done when
 * somebody looks.
 */
export function settleDue(service: ServiceState, now: number, announce: Announce): void {
  service.dueAt = Number.POSITIVE_INFINITY;
  for (const instance of service.instances.values()) {
    if (instance.isEjected && instance.ejectedUntil <= now) {
      instance.isEjected = false;
      instance.consecutiveFailures = 0;
      announce({ kind: "returned", ...nameOf(instance) });
    }
    tellDrained(instance, now, announce);
    service.dueAt = Math.min(service.dueAt, dueAtOf(instance));
  }
}

/** When time alone brings something to be told of an instance. */
export function dueAtOf({ isEjected, ejectedUntil, drainUntil, isDrained }: InstanceState): number {
  const returnsAt = isEjected ? ejectedUntil : Number.POSITIVE_INFINITY;
  const drainedAt = drainUntil > 0 && !isDrained ? drainUntil : Number.POSITIVE_INFINITY;
  return Math.min(returnsAt, drainedAt);
}

function judgeStatus(
  runtime: Runtime,
  instance: InstanceState,
  status: number,
  now: number,
  announce: Announce,
): void {
  if (isGatewayFailure(status)) countFailure(runtime, instance, now, announce);
  else instance.consecutiveFailures = 0;
}

function countFailure(
  runtime: Runtime,
  instance: InstanceState,
  now: number,
  announce: Announce,
): void {
  instance.consecutiveFailures++;
  const plan = runtime.plan.services.get(instance.service);
  const service = runtime.services.get(instance.service);
  const rule = plan?.outlier;
  if (rule === undefined || service === undefined) return;
  // It left, or belongs to a state from before a restore.
  if (service.instances.get(instance.id) !== instance) return;
  if (instance.consecutiveFailures < rule.consecutiveFailures) return;
  if (now >= service.dueAt) settleDue(service, now, announce);
  const ejection = dueEjection(rule, instance, othersOf(service, instance, now), now);
  if (ejection === undefined) return;
  instance.ejectedUntil = ejection.until;
  instance.ejectionFactor = ejection.factor;
  instance.isEjected = true;
  instance.consecutiveFailures = 0;
  service.dueAt = Math.min(service.dueAt, ejection.until);
  makeStale(instance);
  announce({ kind: "ejected", ...nameOf(instance), forMs: ejection.until - now });
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
