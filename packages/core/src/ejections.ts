import type { Announce } from "./change.js";
import type { OutlierPlan } from "./config/plan.js";
import { endEjection, endRows, nameOf } from "./due.js";
import { consecutiveReason } from "./health/consecutive.js";
import type { EjectionReason } from "./health/ejection-reason.js";
import { isEligible } from "./health/eligible.js";
import { isAsked } from "./health/in-use.js";
import { dueEjection, type Ejection } from "./health/outlier.js";
import {
  followInPools,
  isShared,
  othersOf,
  rowFactor,
  SHARED,
  tallyOf,
  type Tally,
} from "./health/shared-failures.js";
import { makeStale } from "./pool-levels.js";
import type { InstanceState, ServiceState } from "./state.js";

/** Ejects an instance whose row of failures is long enough: longer than what the others do makes likely. O(1) on average. */
export function judgeRow(
  outlier: OutlierPlan,
  service: ServiceState,
  instance: InstanceState,
  now: number,
  announce: Announce,
): void {
  if (service.tally !== undefined) followInPools(service.tally, instance);
  if (consecutiveReason(outlier, instance) === undefined) return;
  const tally = tallyFor(service, now);
  const { eligible, best } = othersOf(
    tally,
    instance,
    isEligible(instance, now),
    outlier.maxEjectionRatio,
  );
  const reason = consecutiveReason(outlier, instance, rowFactor(best));
  if (reason === undefined) return;
  // The row is long enough, whichever of the two it is.
  const rule = { ...outlier, consecutiveFailures: 0 };
  const others = { eligible, ejected: tally.ejected, all: tally.inUse };
  const ejection = dueEjection(rule, instance, others, now);
  if (ejection !== undefined) eject(service, instance, ejection, reason, now, announce);
}

/**
 * Ends the ejections of those whose traffic goes to others that fail half of their attempts, the best quarter included: what began
 * at some of the instances has come to all, and those that are out are missed. They have their whole share at once, as if they
 * had never been out: where others fail under a full load, doing well under a small one says nothing.
 */
export function undoShared(
  { maxEjectionRatio }: OutlierPlan,
  service: ServiceState,
  instance: InstanceState,
  now: number,
  announce: Announce,
): void {
  // Where this one does well there is nothing to ask.
  if (instance.failureShare < SHARED) return;
  const tally = tallyFor(service, now);
  if (tally.ejected === 0 || !isShared(tally, instance, maxEjectionRatio)) return;
  for (const each of service.instances.values())
    if (each.ejectedUntil > now && isShared(tally, each, maxEjectionRatio)) {
      each.ejectionFactor = 0;
      returnEarly(each, 0, announce);
    }
}

/**
 * An ejected instance gets traffic again before its time.
 *
 * @param since when its gradual return begins, on the gateway's clock; 0 for none. Unit: milliseconds
 */
export function returnEarly(instance: InstanceState, since: number, announce: Announce): void {
  instance.ejectedUntil = since;
  makeStale(instance);
  endEjection(instance, announce);
}

/** An instance gets no traffic for a while. */
export function eject(
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
  endRows(instance);
  service.dueAt = Math.min(service.dueAt, until);
  makeStale(instance);
  announce({ kind: "ejected", ...nameOf(instance), forMs: until - now, reason });
}

// Counted when somebody asks, and kept until one becomes eligible or is in use, or is so no more.
function tallyFor(service: ServiceState, now: number): Tally {
  let started = 0;
  for (const pool of service.pools.values()) if (isAsked(pool)) started++;
  if (service.tally?.started === started) return service.tally;
  const tally = tallyOf(service.instances.values(), started, isEligible, now);
  service.tally = tally;
  return tally;
}
