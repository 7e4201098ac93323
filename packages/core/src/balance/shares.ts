import { indexAt, type Candidate } from "./balancer.js";

/** Weights as running sums; undefined where all are equal, which needs none. */
export interface Shares {
  readonly sums: Float64Array | undefined;
}

/** Running sums of the weights of candidates. */
export function prepareShares(candidates: readonly Candidate[]): Shares {
  const first = candidates[0]?.weight;
  if (candidates.every(({ weight }) => weight === first)) return { sums: undefined };
  const sums = new Float64Array(candidates.length);
  let sum = 0;
  for (const [index, { weight }] of candidates.entries()) sums[index] = sum += weight;
  return { sums };
}

/**
 * The index that a number in [0, 1) falls to by weight. O(log n).
 *
 * Source: L. Devroye, "Non-uniform random variate generation", 1986, section III.2: inversion by binary search.
 */
export function shareIndex(shares: Shares, count: number, draw: number): number {
  const sums = shares.sums;
  if (sums === undefined) return indexAt(count, draw);
  const wanted = draw * (sums[count - 1] as number);
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
