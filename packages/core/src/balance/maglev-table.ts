import { murmur3 } from "../murmur3.js";
import type { Candidate } from "./balancer.js";
import { weightOf } from "./bounded-load.js";

/** Slots that candidates have filled. */
export interface MaglevTable {
  /** Index of the candidate of each slot. */
  readonly slots: Uint32Array;
  /** Sum of the weights. */
  readonly weight: number;
}

const EMPTY = 0xffffffff;
const OFFSET_SEED = 0;
const SKIP_SEED = 1;

/**
 * Fills a table: in turn, each candidate takes the first slot that is free in its own order of all slots.
 *
 * @param size a prime number, so that every step leads through all slots
 *
 * Sources: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer", 2016, section 3.4; Envoy, Maglev,
 * for weights.
 */
export function prepareTable(candidates: readonly Candidate[], size: number): MaglevTable {
  const slots = new Uint32Array(size).fill(EMPTY);
  // Turns go round in the order of the ids, whatever that of the list.
  const owners = Uint32Array.from(candidates.keys()).sort((a, b) => orderOf(candidates, a, b));
  const sorted = Array.from(owners, (owner) => candidates[owner] as Candidate);
  const turns = turnsOf(sorted, size);
  const next = Uint32Array.from(sorted, ({ id }) => murmur3(id, OFFSET_SEED) % size);
  const skips = Uint32Array.from(sorted, ({ id }) => (murmur3(id, SKIP_SEED) % (size - 1)) + 1);
  for (let turn = 0; turn < size; turn++) {
    const taker = turns[turn] as number;
    const skip = skips[taker] as number;
    let slot = next[taker] as number;
    while (slots[slot] !== EMPTY) slot = slotAfter(slot, skip, size);
    slots[slot] = owners[taker] as number;
    next[taker] = slotAfter(slot, skip, size);
  }
  return { slots, weight: weightOf(candidates) };
}

function orderOf(candidates: readonly Candidate[], a: number, b: number): number {
  return (candidates[a] as Candidate).id < (candidates[b] as Candidate).id ? -1 : 1;
}

function slotAfter(slot: number, skip: number, size: number): number {
  const next = slot + skip;
  return next < size ? next : next - size;
}

/**
 * Whose turns they are, as many as there are slots and a few more. The greatest weight has a turn in each round, half of it
 * one in every second; all have one in the first.
 *
 * Source: Envoy, Maglev, where a weight of w has a turn in every (greatest weight / w)-th round.
 */
function turnsOf(candidates: readonly Candidate[], slots: number): Uint32Array {
  const greatest = candidates.reduce((most, { weight }) => Math.max(most, weight), 0);
  const perRound = candidates.reduce((sum, { weight }) => sum + weight / greatest, 0);
  const rounds = Math.ceil(slots / perRound) + 1;
  // Each has its share of the slots, and three more at most: by the first round, by rounding and by the last.
  const takers = new Uint32Array(slots + 3 * candidates.length);
  const roundOf = new Uint32Array(takers.length);
  let count = 0;
  for (const [taker, { weight }] of candidates.entries()) {
    const every = greatest / weight;
    for (let turn = 1, round = 1; round <= rounds; turn++) {
      takers[count] = taker;
      roundOf[count++] = round;
      round = Math.max(Math.ceil(turn * every), round + 1);
    }
  }
  return byRound(takers.subarray(0, count), roundOf, rounds);
}

/** Sorts by round, and leaves the order within a round. */
function byRound(takers: Uint32Array, roundOf: Uint32Array, rounds: number): Uint32Array {
  const starts = new Uint32Array(rounds + 2);
  for (let turn = 0; turn < takers.length; turn++) {
    const after = (roundOf[turn] as number) + 1;
    starts[after] = (starts[after] as number) + 1;
  }
  for (let round = 1; round < starts.length; round++)
    starts[round] = (starts[round] as number) + (starts[round - 1] as number);
  const sorted = new Uint32Array(takers.length);
  for (let turn = 0; turn < takers.length; turn++) {
    const round = roundOf[turn] as number;
    const at = starts[round] as number;
    sorted[at] = takers[turn] as number;
    starts[round] = at + 1;
  }
  return sorted;
}
