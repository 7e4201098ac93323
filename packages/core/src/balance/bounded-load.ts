import type { Candidate, PickInput } from "./balancer.js";

/** How far a balancer that goes by keys may load one candidate beside the others. */
export interface BoundedLoadOptions {
  /**
   * Most requests under way at a candidate, as a multiple of its share by weight of all that are under way, rounded up.
   * What does not fit goes to the next candidate in the order of the key. The nearer to 1, the more keys are moved by load.
   *
   * Default: no bound. Error: RangeError unless a finite number from 1. Typical: 1.25.
   * Sources: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with bounded loads", 2016; Envoy,
   * `hash_balance_factor`.
   */
  readonly boundedLoad?: number | undefined;
}

/** @throws RangeError when a bound is no finite number from 1 */
export function checkBoundedLoad(factor: number | undefined): void {
  if (factor === undefined || (Number.isFinite(factor) && factor >= 1)) return;
  throw new RangeError(`boundedLoad: expected a finite number >= 1, got ${String(factor)}`);
}

/** The sum of the weights of candidates. */
export function weightOf(candidates: readonly Candidate[]): number {
  let sum = 0;
  for (const { weight } of candidates) sum += weight;
  return sum;
}

/** What `hasRoom` goes by: the bound for each unit of weight, the request that is to be placed counted in. */
export function boundOf(
  { candidates, inFlight }: PickInput,
  factor: number | undefined,
  weight: number,
): number {
  if (factor === undefined) return Number.POSITIVE_INFINITY;
  let underWay = inFlight ?? 0;
  if (inFlight === undefined) for (const each of candidates) underWay += each.inFlight;
  return (factor * (underWay + 1)) / weight;
}

/** Whether one more request keeps a candidate within the bound: `inFlight + 1 <= ceil(bound * weight)`. */
export function hasRoom({ inFlight, weight }: Candidate, bound: number): boolean {
  return inFlight < bound * weight;
}

/**
 * The least loaded candidate for its weight. Only asked for when none has room, which needs a sum of requests under way
 * that is less than those of the candidates.
 *
 * Source: Envoy, bounded load: the least overloaded host when all are.
 */
export function leastLoaded(candidates: readonly Candidate[]): number {
  let least = 0;
  for (let index = 1; index < candidates.length; index++) {
    const best = candidates[least] as Candidate;
    const each = candidates[index] as Candidate;
    const difference = each.inFlight * best.weight - best.inFlight * each.weight;
    if (difference < 0 || (difference === 0 && each.id < best.id)) least = index;
  }
  return least;
}
