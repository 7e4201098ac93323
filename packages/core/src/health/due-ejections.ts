import { dueEjection, type Ejection, type Judged, type OutlierRule } from "./outlier.js";
import type { Verdict } from "./outlier-window.js";

/** An ejection as it begins, and why. */
export interface DueEjection<T> extends Verdict<T> {
  readonly ejection: Ejection;
}

/**
 * The ejections that verdicts lead to, in their order. The worst go first, and whoever comes when as many are ejected as may be,
 * or when no other instance is eligible any more, stays. Each ends by time alone, after `maxEjectionMs` at the latest.
 * Writes nothing: the ejections of one call are counted as if each had begun before the next.
 *
 * @param instances all of the service, those of the verdicts among them
 *
 * @example
 * const due = dueEjections(rule, judgeWindow(rule, instances, startedAt, now), instances, isEligible, now);
 */
export function dueEjections<T extends Judged>(
  rule: OutlierRule,
  verdicts: readonly Verdict<T>[],
  instances: Iterable<T>,
  isEligible: (instance: T, now: number) => boolean,
  now: number,
): readonly DueEjection<T>[] {
  if (verdicts.length === 0) return [];
  let all = 0;
  let eligible = 0;
  let ejected = 0;
  for (const instance of instances) {
    all++;
    if (isEligible(instance, now)) eligible++;
    if (instance.ejectedUntil > now) ejected++;
  }
  // The verdict is there already, whatever the row of failures.
  const judged = { ...rule, consecutiveFailures: 0 };
  const due: DueEjection<T>[] = [];
  for (const verdict of verdicts) {
    const { instance } = verdict;
    const others = eligible - (isEligible(instance, now) ? 1 : 0);
    const ejection = dueEjection(judged, instance, { eligible: others, ejected, all }, now);
    if (ejection === undefined) continue;
    due.push({ ...verdict, ejection });
    eligible = others;
    ejected++;
  }
  return due;
}
