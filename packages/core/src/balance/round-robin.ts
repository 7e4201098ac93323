import type { Balancer, Candidate } from "./balancer.js";

/** The order of one full cycle; undefined where all weights are equal and the order is that of the list. */
interface Cycle {
  readonly turns: Uint32Array | undefined;
}

/** Longest cycle that is kept. Longer ones are scaled down, and weights rounded with them. */
const MAX_TURNS = 65_536;

/**
 * Candidates in turn. With unequal weights each takes its exact share of a cycle, spread over it as evenly
 * as it goes: the k-th turn of a candidate of weight w falls due at (k + 1/2) / w.
 *
 * Sources: earliest deadline first, as in Envoy's weighted round robin; NGINX, smooth weighted balancing.
 */
export const roundRobin: Balancer = {
  name: "round-robin",
  usesTime: false,
  prepare: prepareCycle,
  pick: ({ candidates, cursor = 0, prepared }) => {
    const { turns } = (prepared as Cycle | undefined) ?? prepareCycle(candidates);
    return turns === undefined
      ? cursor % candidates.length
      : (turns[cursor % turns.length] as number);
  },
};

function prepareCycle(candidates: readonly Candidate[]): Cycle {
  const first = candidates[0]?.weight;
  if (candidates.every(({ weight }) => weight === first)) return { turns: undefined };
  const counts = wholeWeights(candidates.map(({ weight }) => weight));
  const due: { readonly at: number; readonly index: number }[] = [];
  for (const [index, count] of counts.entries()) {
    for (let turn = 0; turn < count; turn++) due.push({ at: (turn + 0.5) / count, index });
  }
  due.sort((a, b) => a.at - b.at || a.index - b.index);
  return { turns: Uint32Array.from(due, ({ index }) => index) };
}

/** Weights as the smallest whole numbers of the same shares: exact for whole weights, to a hundredth for others. */
function wholeWeights(weights: readonly number[]): readonly number[] {
  const whole = weights.every(Number.isInteger)
    ? weights
    : weights.map((weight) => Math.max(1, Math.round(weight * 100)));
  const divisor = whole.reduce(greatestCommonDivisor);
  const smallest = whole.map((weight) => weight / divisor);
  const sum = smallest.reduce((total, weight) => total + weight, 0);
  if (sum <= MAX_TURNS) return smallest;
  return smallest.map((weight) => Math.max(1, Math.round((weight * MAX_TURNS) / sum)));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
