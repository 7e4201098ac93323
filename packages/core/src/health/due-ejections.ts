import { isInUse, isUsedBy, poolsInUse, type PoolMember, type PoolUse } from "./in-use.js";
import { dueEjection, type Ejection, type Judged, type OutlierRule } from "./outlier.js";
import type { Verdict } from "./outlier-window.js";

/** An ejection as it begins, and why. */
export interface DueEjection<T> extends Verdict<T> {
  readonly ejection: Ejection;
}

/**
 * The ejections that verdicts lead to, in their order. The worst go first, and whoever comes when as many are ejected as may be,
 * or when no other instance of a pool that it is judged in is eligible any more, stays. Each ends by time alone, after `maxEjectionMs` at the
 * latest. Writes nothing: the ejections of one call are counted as if each had begun before the next.
 *
 * @param instances all of the service, those of the verdicts among them; counted are those that the gateway uses
 *
 * @example
 * const due = dueEjections(rule, judgeWindow(rule, instances, startedAt, now), instances, isEligible, now);
 *
 * Sources: Envoy, outlier detection, `max_ejection_percent`; that the worst go first and that one stays is own.
 */
export function dueEjections<T extends Judged & PoolMember>(
  rule: OutlierRule,
  verdicts: readonly Verdict<T>[],
  instances: Iterable<T>,
  isEligible: (instance: T, now: number) => boolean,
  now: number,
): readonly DueEjection<T>[] {
  if (verdicts.length === 0) return [];
  let all = 0;
  let ejected = 0;
  const eligible = new Map<PoolUse, number>();
  const count = (instance: T, change: 1 | -1): void => {
    if (!isEligible(instance, now)) return;
    for (const pool of poolsInUse(instance))
      if (isUsedBy(pool, instance)) eligible.set(pool, (eligible.get(pool) ?? 0) + change);
  };
  for (const instance of instances) {
    count(instance, 1);
    if (!isInUse(instance)) continue;
    all++;
    if (instance.ejectedUntil > now) ejected++;
  }
  // The verdict is there already, whatever the row of failures.
  const judged = { ...rule, consecutiveFailures: 0 };
  const due: DueEjection<T>[] = [];
  for (const verdict of verdicts) {
    const { instance } = verdict;
    count(instance, -1);
    const others = Math.min(...poolsInUse(instance).map((pool) => eligible.get(pool) ?? 0));
    const ejection = dueEjection(judged, instance, { eligible: others, ejected, all }, now);
    if (ejection === undefined) {
      count(instance, 1);
      continue;
    }
    due.push({ ...verdict, ejection });
    if (isInUse(instance)) ejected++;
  }
  return due;
}
