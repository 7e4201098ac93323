import { murmur3 } from "../murmur3.js";
import type { Balancer, Candidate } from "./balancer.js";
import {
  boundOf,
  checkBoundedLoad,
  hasRoom,
  leastLoaded,
  weightOf,
  type BoundedLoadOptions,
} from "./bounded-load.js";
import { mix, placeOf } from "./hash.js";

/** How `rendezvousWith` places requests. */
export type RendezvousOptions = BoundedLoadOptions;

/** Two hashes of each id: where one of them is that of another id, the scores still differ. */
interface Hashes {
  readonly seeds: Uint32Array;
  readonly salts: Uint32Array;
  /** Whether all weights are equal, which needs no logarithm. */
  readonly isEven: boolean;
  /** Sum of the weights. */
  readonly weight: number;
}

const ID_SEED = 0;
const SALT_SEED = 1;

/**
 * The candidate with the highest score for the key: -weight / ln(h), where h in (0, 1) is a hash of key and id. Shares are exact
 * but for chance, a candidate that leaves moves only its own keys, and a weight that grows only takes keys.
 * Requests without a key are spread at random.
 *
 * Each pick looks at every candidate: meant for small sets, up to some dozens.
 *
 * Sources: D. Thaler, C. Ravishankar, "A name-based mapping scheme for rendezvous", 1996; J. Schindelhauer and
 * G. Schomaker, "Weighted distributed hash tables", 2005.
 */
export const rendezvous: Balancer = rendezvousWith();

/**
 * `rendezvous` with bounded load.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * const balancer = rendezvousWith({ boundedLoad: 1.25 });
 */
export function rendezvousWith({ boundedLoad }: RendezvousOptions = {}): Balancer {
  checkBoundedLoad(boundedLoad);
  return {
    name: "rendezvous",
    usesTime: false,
    usesKey: true,
    prepare: prepareHashes,
    pick: (input) => {
      const { candidates } = input;
      const hashes = (input.prepared as Hashes | undefined) ?? prepareHashes(candidates);
      const bound = boundOf(input, boundedLoad, hashes.weight);
      return bestOf(candidates, hashes, placeOf(input), bound);
    },
  };
}

function prepareHashes(candidates: readonly Candidate[]): Hashes {
  const first = candidates[0]?.weight;
  return {
    seeds: Uint32Array.from(candidates, ({ id }) => murmur3(id, ID_SEED)),
    salts: Uint32Array.from(candidates, ({ id }) => murmur3(id, SALT_SEED)),
    isEven: candidates.every(({ weight }) => weight === first),
    weight: weightOf(candidates),
  };
}

function bestOf(
  candidates: readonly Candidate[],
  { seeds, salts, isEven }: Hashes,
  place: number,
  bound: number,
): number {
  let best: Candidate | undefined;
  let bestIndex = 0;
  let bestScore = 0;
  for (let index = 0; index < candidates.length; index++) {
    const each = candidates[index] as Candidate;
    if (!hasRoom(each, bound)) continue;
    const hash =
      (mix((place ^ (seeds[index] as number)) + (salts[index] as number)) + 0.5) / 2 ** 32;
    const score = isEven ? hash : -each.weight / Math.log(hash);
    if (best !== undefined && score < bestScore) continue;
    if (best !== undefined && score === bestScore && best.id < each.id) continue;
    best = each;
    bestIndex = index;
    bestScore = score;
  }
  return best === undefined ? leastLoaded(candidates) : bestIndex;
}
