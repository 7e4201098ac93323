import type { Balancer, Candidate } from "./balancer.js";
import {
  boundOf,
  checkBoundedLoad,
  hasRoom,
  leastLoaded,
  type BoundedLoadOptions,
} from "./bounded-load.js";
import { prepareRing, ringPosition, type HashRing } from "./hash-ring.js";
import { placeOf } from "./hash.js";

/** How the ring of `consistentHashWith` is made. */
export interface ConsistentHashOptions extends BoundedLoadOptions {
  /**
   * Points of two candidates of weight 1. A candidate has half as many for each unit of its weight, whoever else there is, and one
   * at least. More of them share out keys more evenly: to about 1 / sqrt(points of a candidate). Raise it, or all weights, where
   * those are far below 1.
   *
   * Default: 1 024. Error: RangeError unless a whole number from 2 to 8 388 608.
   * Source: Envoy, `minimum_ring_size`, which there holds for the ring of any candidates.
   */
  readonly minimumRingSize?: number;
  /**
   * Points of the largest ring, but one for each candidate at least. A candidate has fewer points where more would be
   * needed, by default where weights sum up to more than 1 024; then one that leaves also moves about as many keys of others as its
   * own.
   *
   * Default: 524 288, or `minimumRingSize` where that is more. Error: RangeError unless a whole number from `minimumRingSize` to 8 388 608.
   * Source: Envoy, `maximum_ring_size`.
   */
  readonly maximumRingSize?: number;
}

/** Most points of a ring. Source: Envoy, `maximum_ring_size`. */
const MOST_POINTS = 8_388_608;

/**
 * The candidate that follows the key on a ring of points, as many for each as its weight. A candidate that leaves moves
 * only its own keys, and one that joins takes keys from all. Requests without a key are spread at random.
 *
 * Unlike in Envoy's rings, those that stay keep their points, while the ring is below its largest size. So weights are not
 * scaled: 1 is 512 points, 0.1 is 51. For thousands of candidates `maglev` shares out more evenly, and is prepared sooner.
 *
 * Sources: D. Karger et al., "Consistent hashing and random trees", 1997; libketama, 2007; Envoy, ring hash.
 */
export const consistentHash: Balancer = consistentHashWith();

/**
 * `consistentHash` with a ring of another size, or with bounded load.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * const balancer = consistentHashWith({ boundedLoad: 1.25 });
 */
export function consistentHashWith({
  minimumRingSize: minimum = 1_024,
  maximumRingSize: maximum = Math.max(524_288, minimum),
  boundedLoad,
}: ConsistentHashOptions = {}): Balancer {
  checkSize("minimumRingSize", minimum, 2);
  checkSize("maximumRingSize", maximum, minimum);
  checkBoundedLoad(boundedLoad);
  const size = { minimum, maximum };
  return {
    name: "consistent-hash",
    usesTime: false,
    usesKey: true,
    prepare: (candidates) => prepareRing(candidates, size),
    pick: (input) => {
      const { candidates } = input;
      const ring = (input.prepared as HashRing | undefined) ?? prepareRing(candidates, size);
      const bound = boundOf(input, boundedLoad, ring.weight);
      const { owners } = ring;
      let at = ringPosition(ring, placeOf(input));
      for (let passed = 0; passed < owners.length; passed++) {
        const owner = owners[at] as number;
        if (hasRoom(candidates[owner] as Candidate, bound)) return owner;
        if (++at === owners.length) at = 0;
      }
      return leastLoaded(candidates);
    },
  };
}

function checkSize(option: string, size: number, least: number): void {
  if (Number.isInteger(size) && size >= least && size <= MOST_POINTS) return;
  throw new RangeError(
    `${option}: expected a whole number from ${least} to ${MOST_POINTS}, got ${String(size)}`,
  );
}
