import type { Balancer, Candidate } from "./balancer.js";
import { turnTable } from "./turn-table.js";
import { wholeWeights } from "./whole-weights.js";

/** The order of one full cycle; undefined where all weights are equal and the order is that of the list. */
interface Cycle {
  readonly turns: Uint16Array | undefined;
}

/**
 * Candidates in turn. With unequal weights each takes its exact share of a cycle, spread over it evenly: after any number of turns
 * of a cycle its count is off by less than one.
 *
 * Source: S. Baruah, N. Cohen, C. Plaxton, D. Varvel, "Proportionate progress", 1996.
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
  return { turns: turnTable(wholeWeights(candidates.map(({ weight }) => weight))) };
}
