import type { Balancer, Candidate } from "./balancer.js";
import { prepareShares, shareIndex, type Shares } from "./shares.js";

/** How `leastRequestWith` looks for the least loaded. */
export interface LeastRequestOptions {
  /**
   * Candidates drawn for a pick. More of them come nearer to the least loaded of all.
   *
   * Default: 2. Error: RangeError unless a whole number from 2.
   * Source: Envoy, `choice_count`.
   */
  readonly draws?: number;
  /**
   * Most candidates among which the least loaded of all is looked for instead. `Infinity` always looks at all, which takes
   * time in proportion to their number.
   *
   * Default: three times the draws, up to which looking at all was measured to take no longer than drawing. Error: RangeError unless a
   * number from 0.
   * Source: Envoy, `enable_full_scan`.
   */
  readonly fullScanUpTo?: number;
}

/**
 * The less loaded of two candidates drawn at random; a tie goes to the first drawn. With unequal weights
 * both are drawn by weight, and load means requests under way for each unit of weight.
 *
 * Sources: M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001; Envoy, weighted
 * least request.
 */
export const leastRequest: Balancer = leastRequestWith({ fullScanUpTo: 0 });

/**
 * `leastRequest` with another number of draws, and the least loaded of all where there are few candidates: among equally
 * loaded ones it is drawn by weight.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * const balancer = leastRequestWith({ draws: 3 });
 */
export function leastRequestWith({
  draws = 2,
  fullScanUpTo = 3 * draws,
}: LeastRequestOptions = {}): Balancer {
  checkDraws(draws);
  if (!(fullScanUpTo >= 0))
    throw new RangeError(`fullScanUpTo: expected a number >= 0, got ${String(fullScanUpTo)}`);
  return {
    name: "least-request",
    usesTime: false,
    prepare: prepareShares,
    pick: ({ candidates, draw, prepared }) => {
      const count = candidates.length;
      if (count <= fullScanUpTo) return leastOfAll(candidates, draw());
      const shares = (prepared as Shares | undefined) ?? prepareShares(candidates);
      let index = shareIndex(shares, count, draw());
      let least = candidates[index] as Candidate;
      for (let drawn = 1; drawn < draws; drawn++) {
        const other = shareIndex(shares, count, draw());
        const candidate = candidates[other] as Candidate;
        if (compareLoad(candidate, least) >= 0) continue;
        index = other;
        least = candidate;
      }
      return index;
    },
  };
}

/** @throws RangeError when a number of draws is no whole number from 2 */
export function checkDraws(draws: number): void {
  if (Number.isInteger(draws) && draws >= 2) return;
  throw new RangeError(`draws: expected a whole number >= 2, got ${String(draws)}`);
}

function leastOfAll(candidates: readonly Candidate[], draw: number): number {
  let least = candidates[0] as Candidate;
  let weight = 0;
  for (const candidate of candidates) {
    const order = compareLoad(candidate, least);
    if (order > 0) continue;
    weight = order < 0 ? candidate.weight : weight + candidate.weight;
    least = candidate;
  }
  let left = draw * weight;
  let last = 0;
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index] as Candidate;
    if (compareLoad(candidate, least) !== 0) continue;
    last = index;
    left -= candidate.weight;
    if (left < 0) break;
  }
  return last;
}

/** Below 0 where the first is less loaded for its weight than the second. */
function compareLoad(first: Candidate, second: Candidate): number {
  return first.inFlight * second.weight - second.inFlight * first.weight;
}
