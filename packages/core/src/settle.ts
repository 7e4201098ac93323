import type { Balancer } from "./balance/balancer.js";
import type { ServicePlan } from "./config/plan.js";
import type { Runtime } from "./runtime.js";
import { Forward } from "./decision.js";
import { isEligible } from "./health/eligible.js";
import { dueEjection, isGatewayFailure } from "./health/outlier.js";
import { countAttempt } from "./health/retry-budget.js";
import type { Outcome } from "./outcome.js";
import type { InstanceReference, InstanceState, PoolState, ServiceState } from "./state.js";

/** Something that happened to an instance. */
export interface GatewayChange {
  /**
   * `joined`: came with the configuration. `left`: went with it, and gets nothing new. `drained`: the last
   * request of one that left has ended; at once when it only moved to another URL, or is connected to in another way
   * (`connect`): it leaves and joins then, with its state. `ejected`: gets no traffic for a while. `returned`: gets it again.
   */
  readonly kind: "joined" | "left" | "drained" | "ejected" | "returned";
  readonly service: string;
  /** The same object as in the decisions that lead to it. */
  readonly instance: InstanceReference;
  /** How long the ejection lasts. Unit: milliseconds. Only for `ejected`. */
  readonly forMs?: number;
}

/** Tells a change to all who listen. */
export type Announce = (change: GatewayChange) => void;

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
  instance.inFlight++;
  instance.load.inFlight++;
  const pool = service.pools.get(Forward.originOf(decision).pool);
  if (pool !== undefined) {
    pool.cursor++;
    if (now >= pool.staleAt) refresh(runtime, service, now, announce);
  }
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
  instance.inFlight--;
  instance.load.inFlight--;
  // One attempt is one failure at most, whatever came after a head that was one.
  if (outcome.kind === "failure" && !isBlamed) countFailure(runtime, instance, now, announce);
  else if (outcome.kind === "response" && !isJudged)
    judgeStatus(runtime, instance, outcome.status, now, announce);
  if (instance.hasLeft && instance.inFlight === 0)
    announce({ kind: "drained", ...nameOf(instance) });
  return true;
}

/** How a change names an instance. */
export function nameOf({
  service,
  reference,
}: InstanceState): Pick<GatewayChange, "service" | "instance"> {
  return { service, instance: reference };
}

/**
 * Ends the ejections whose time has passed, and brings candidates and prepared balancers of all pools of a
 * service up to date. Nothing in core waits: it is done when somebody looks. O(instances of the service).
 */
export function refreshPools(
  service: ServiceState,
  plan: ServicePlan,
  now: number,
  announce: Announce,
): void {
  for (const instance of service.instances.values()) {
    if (!instance.isEjected || !isEligible(instance, now)) continue;
    instance.isEjected = false;
    instance.consecutiveFailures = 0;
    announce({ kind: "returned", ...nameOf(instance) });
  }
  for (const pool of service.pools.values()) refreshPool(pool, plan, now);
}

function refreshPool(pool: PoolState, plan: ServicePlan, now: number): void {
  let staleAt = Number.POSITIVE_INFINITY;
  for (const { ejectedUntil } of pool.members)
    if (ejectedUntil > now && ejectedUntil < staleAt) staleAt = ejectedUntil;
  pool.staleAt = staleAt;
  pool.candidates =
    staleAt === Number.POSITIVE_INFINITY
      ? pool.members
      : pool.members.filter((instance) => isEligible(instance, now));
  pool.prepared = prepare(plan.balancer, pool.candidates);
}

// A balancer of the user's own may throw; what it could not prepare it is asked to pick from unprepared.
function prepare(balancer: Balancer, candidates: readonly InstanceState[]): unknown {
  if (candidates.length === 0) return undefined;
  try {
    return balancer.prepare?.(candidates);
  } catch {
    return undefined;
  }
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
  if (rule === undefined || plan === undefined || service === undefined) return;
  // It left, or belongs to a state from before a restore.
  if (service.instances.get(instance.id) !== instance) return;
  if (instance.consecutiveFailures < rule.consecutiveFailures) return;
  const ejection = dueEjection(rule, instance, othersOf(service, instance, now), now);
  if (ejection === undefined) return;
  instance.ejectedUntil = ejection.until;
  instance.ejectionFactor = ejection.factor;
  instance.isEjected = true;
  instance.consecutiveFailures = 0;
  refreshPools(service, plan, now, announce);
  announce({ kind: "ejected", ...nameOf(instance), forMs: ejection.until - now });
}

function othersOf(
  service: ServiceState,
  instance: InstanceState,
  now: number,
): { eligible: number; ejected: number; all: number } {
  let eligible = 0;
  for (const other of service.instances.values())
    if (other !== instance && isEligible(other, now)) eligible++;
  const all = service.instances.size;
  return { eligible, ejected: all - eligible - 1, all };
}

function refresh(runtime: Runtime, service: ServiceState, now: number, announce: Announce): void {
  const plan = runtime.plan.services.get(service.name);
  if (plan !== undefined) refreshPools(service, plan, now, announce);
}
