import { murmur3 } from "../murmur3.js";

/**
 * The version that a point falls to. Weights are shares of their sum, read in the order in which they are
 * listed. Raising a version's weight only ever moves points onto it; lowering it back restores exactly the
 * earlier set. Undefined when nothing has a weight.
 *
 * Of the first two listed, each owns one range of [0, 1), the first one the lower. No layout of ranges can
 * keep the promise for three or more versions, so each further one competes in an exponential race whose
 * times are drawn from the point: the share is exact over all points, and a change of one weight changes
 * one runner only.
 *
 * @param point in [0, 1)
 *
 * @example
 * pickVersion({ v1: 90, v2: 10 }, 0.95); // "v2"
 *
 * Source: weighted rendezvous hashing, J. Schindelhauer and G. Schomaker, "Weighted distributed hash tables", 2005.
 */
export function pickVersion(
  weights: { readonly [version: string]: number },
  point: number,
): string | undefined {
  const versions = Object.keys(weights);
  const list = summable(versions.map((version) => weights[version] as number));
  const index = raceIndex(list, point);
  return index === -1 ? undefined : versions[index];
}

/** `pickVersion` over a plain list of weights: the index, or -1 when nothing has a weight. */
export function raceIndex(weights: readonly number[], point: number): number {
  const first = weights[0] ?? 0;
  const second = weights[1] ?? 0;
  let winner = first + second > 0 ? (point < first / (first + second) ? 0 : 1) : -1;
  if (weights.length <= 2) return winner;
  let best =
    winner === -1
      ? Number.POSITIVE_INFINITY
      : (winner === 0 ? point / first : (1 - point) / second) * pairTime(point);
  for (let i = 2; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight <= 0) continue;
    const time = -Math.log(uniform(point, i)) / weight;
    if (time < best) {
      best = time;
      winner = i;
    }
  }
  return winner;
}

/** Weights of the same shares whose sum is a finite number. */
export function summable(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Number.isFinite(sum) ? weights : weights.map((weight) => weight / Number.MAX_VALUE);
}

/**
 * The upper ends of the shares when they lie one after the other in [0, 1), in the order in which they are
 * listed; empty when nothing has a weight.
 */
export function rangesOf(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0)) return [];
  let below = 0;
  return weights.map((weight) => (below += weight) / sum);
}

/** The index of the range that a drawn number falls to; -1 when there is none. For choices that need not be remembered. */
export function rangeAt(ranges: readonly number[], draw: number): number {
  for (let i = 0; i < ranges.length; i++) if (draw < (ranges[i] as number)) return i;
  return ranges.indexOf(ranges[ranges.length - 1] as number);
}

// The first two runners share one sum of two exponential times, which the point divides between them.
function pairTime(point: number): number {
  return -Math.log(uniform(point, 0)) - Math.log(uniform(point, 1));
}

// A number in (0, 1) that depends on the point and the runner alone.
function uniform(point: number, runner: number): number {
  const digits = String(point);
  return (
    (murmur3(digits, 2 * runner) + murmur3(digits, 2 * runner + 1) / 2 ** 32 + 2 ** -33) / 2 ** 32
  );
}
