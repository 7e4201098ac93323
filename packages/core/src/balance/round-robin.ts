import type { Balancer, Candidate } from "./balancer.js";
import { turnTable } from "./turn-table.js";
import { turnAt, turnTree, type TurnTree } from "./turn-tree.js";
import { sumOf, wholeWeights } from "./whole-weights.js";

/** The order of one full cycle: that of the list, where all weights are equal, else written down or worked out turn by turn. */
type Cycle =
  | { readonly kind: "list" }
  | { readonly kind: "table"; readonly turns: Uint16Array }
  | { readonly kind: "tree"; readonly tree: TurnTree };

/** Longest cycle that is written down. */
const LONGEST_TABLE = 65_536;

/**
 * Candidates in turn, by weight. A cycle has as many turns as the weights sum up to, as the smallest whole numbers of the same
 * shares. In a cycle each has exactly its share, and evenly: after any number of turns its count is off by less than one.
 *
 * Cycles of more than 65 536 turns are not written down. They are exact too, and counts in between are off by less than two; a
 * pick takes log(1 / share) steps. Where a cycle would have more than 16 777 216 turns, or weights have more than twelve digits
 * after the point, a share is off by half a 16 777 216th at most and, of n candidates, by n 16 777 216ths of itself; each has one
 * turn of those at least.
 *
 * Sources: S. Baruah, N. Cohen, C. Plaxton, D. Varvel, "Proportionate progress", 1996; for long cycles C. Waldspurger,
 * W. Weihl, "Stride scheduling", 1995.
 */
export const roundRobin: Balancer = {
  name: "round-robin",
  usesTime: false,
  prepare: prepareCycle,
  pick: ({ candidates, cursor = 0, prepared }) => {
    const cycle = (prepared as Cycle | undefined) ?? prepareCycle(candidates);
    if (cycle.kind === "list") return cursor % candidates.length;
    if (cycle.kind === "tree") return turnAt(cycle.tree, cursor);
    return cycle.turns[cursor % cycle.turns.length] as number;
  },
};

function prepareCycle(candidates: readonly Candidate[]): Cycle {
  const first = candidates[0]?.weight;
  if (candidates.every(({ weight }) => weight === first)) return { kind: "list" };
  const weights = wholeWeights(candidates.map(({ weight }) => weight));
  return sumOf(weights) <= LONGEST_TABLE
    ? { kind: "table", turns: turnTable(weights) }
    : { kind: "tree", tree: turnTree(weights) };
}
