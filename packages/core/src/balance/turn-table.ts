import { popLeast, pushNumber } from "./least-heap.js";
import { sumOf } from "./whole-weights.js";

/** The candidates while their turns are given out. They go by rank: the heaviest is 0. */
interface Queue {
  /** Turns of a cycle, of each by rank and of all. */
  readonly weights: Float64Array;
  readonly sum: number;
  /** How many of them each has had. */
  readonly had: Uint32Array;
  /** By turn, the first of those that may have one from then on, and after each the next. */
  readonly first: Int32Array;
  readonly next: Int32Array;
  /** A heap of those that may have one now: the deadline of each times the number of candidates, plus the rank. */
  readonly ready: number[];
}

const NOBODY = -1;

/**
 * Who has which turn of a cycle, by earliest deadline first. The k-th turn of a candidate that has w of n is one from
 * floor(k * n / w) on and before ceil((k + 1) * n / w), all counted from 0. Of those that may have a turn, the one with the
 * earliest deadline gets it; of equal ones not who had the last turn, then the heavier, then the first of the list.
 *
 * No deadline is missed: after any number of turns each has had its share to less than one turn, in any window of
 * turns to less than two. Takes time in proportion to n * log(candidates).
 *
 * @param weights whole numbers that sum up to n, 65 536 at most
 *
 * Source: S. Baruah, N. Cohen, C. Plaxton, D. Varvel, "Proportionate progress: a notion of fairness in resource allocation",
 * 1996; Envoy, which goes by deadlines alone.
 */
export function turnTable(weights: readonly number[]): Uint16Array {
  const byRank = [...weights.keys()].sort(
    (a, b) => (weights[b] as number) - (weights[a] as number) || a - b,
  );
  const queue = queueOf(Float64Array.from(byRank, (index) => weights[index] as number));
  const turns = new Uint16Array(queue.sum);
  let last = NOBODY;
  for (let turn = 0; turn < turns.length; turn++) {
    last = takeTurn(queue, turn, last);
    turns[turn] = byRank[last] as number;
  }
  return turns;
}

function queueOf(weights: Float64Array): Queue {
  const sum = sumOf(weights);
  const count = weights.length;
  const first = new Int32Array(sum).fill(NOBODY);
  first[0] = 0;
  // All may have the first turn.
  const next = Int32Array.from(weights.keys(), (rank) => (rank + 1 < count ? rank + 1 : NOBODY));
  return { weights, sum, had: new Uint32Array(count), first, next, ready: [] };
}

/** The rank of who has a turn. */
function takeTurn(queue: Queue, turn: number, last: number): number {
  const { weights, sum, had, first, next, ready } = queue;
  for (let rank = first[turn] as number; rank !== NOBODY; rank = next[rank] as number) {
    const deadline = Math.ceil((((had[rank] as number) + 1) * sum) / (weights[rank] as number));
    pushNumber(ready, deadline * weights.length + rank);
  }
  const taker = takeReady(ready, weights.length, last);
  const weight = weights[taker] as number;
  const count = (had[taker] as number) + 1;
  had[taker] = count;
  if (count === weight) return taker;
  const from = Math.max(Math.floor((count * sum) / weight), turn + 1);
  next[taker] = first[from] as number;
  first[from] = taker;
  return taker;
}

/** Somebody is ready at every turn, since fewer turns have gone by than may have been had. */
function takeReady(ready: number[], count: number, last: number): number {
  const least = popLeast(ready);
  const rank = least % count;
  const second = ready[0];
  if (rank !== last || second === undefined) return rank;
  if (Math.floor(second / count) !== Math.floor(least / count)) return rank;
  popLeast(ready);
  pushNumber(ready, least);
  return second % count;
}
