import type { SplitPlan } from "../config/plan.js";
import type { ParsedRequest } from "../request.js";
import { raceIndex, rangeAt } from "./pick-version.js";
import { stickyKey, stickyPoint } from "./sticky-point.js";

/** Where a split was read, and what stands there. */
export interface SplitReading {
  /** Among the backends; -1 when nothing has a weight. */
  readonly index: number;
  /** In [0, 1); undefined when there is nothing to split. */
  readonly point: number | undefined;
  /** What the point was hashed from; undefined when it was drawn. */
  readonly key: string | undefined;
}

/** Reads a split at the point that a sticky key stands for, or at one that is drawn. */
export function readSplit(
  { weights, ranges, sticky, salt }: SplitPlan,
  request: ParsedRequest,
  draw: () => number,
): SplitReading {
  if (weights.length === 1) {
    return { index: (weights[0] as number) > 0 ? 0 : -1, point: undefined, key: undefined };
  }
  const key = sticky === undefined ? undefined : stickyKey(request, sticky);
  if (key === undefined) {
    const point = draw();
    return { index: rangeAt(ranges, point), point, key };
  }
  const point = stickyPoint(key, salt);
  return { index: raceIndex(weights, point), point, key };
}
