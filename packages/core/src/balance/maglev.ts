import type { Balancer, Candidate } from "./balancer.js";
import {
  boundOf,
  checkBoundedLoad,
  hasRoom,
  leastLoaded,
  type BoundedLoadOptions,
} from "./bounded-load.js";
import { placeOf } from "./hash.js";
import { prepareTable, type MaglevTable } from "./maglev-table.js";

/** How the table of `maglevWith` is made. */
export interface MaglevOptions extends BoundedLoadOptions {
  /**
   * Slots of the table. With a hundred for each candidate the shares differ by a hundredth at most. A larger table moves fewer
   * keys of others when one leaves: 0.5 % of all with the default and 100 or 1 000 candidates. Candidates beyond the size get nothing.
   *
   * Default: 65 537. Error: RangeError unless a prime number up to 5 000 011.
   * Sources: D. Eisenbud et al., section 3.4; Envoy, `table_size`.
   */
  readonly tableSize?: number;
}

/** Largest table. Source: Envoy, `table_size`. */
const MOST_SLOTS = 5_000_011;

/**
 * The candidate of the key's slot in a table that candidates fill in turn, each in an order of its own. Shares are
 * more even than those of `consistentHash`, and a pick is one look; but a candidate that leaves moves a few keys of others too.
 * Requests without a key are spread at random.
 *
 * Sources: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016; Envoy, Maglev, for
 * weights.
 */
export const maglev: Balancer = maglevWith();

/**
 * `maglev` with a table of another size, or with bounded load.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * const balancer = maglevWith({ tableSize: 655_373 });
 */
export function maglevWith({ tableSize = 65_537, boundedLoad }: MaglevOptions = {}): Balancer {
  if (!isPrime(tableSize) || tableSize > MOST_SLOTS) {
    throw new RangeError(
      `tableSize: expected a prime number up to ${MOST_SLOTS}, got ${String(tableSize)}`,
    );
  }
  checkBoundedLoad(boundedLoad);
  return {
    name: "maglev",
    usesTime: false,
    usesKey: true,
    prepare: (candidates) => prepareTable(candidates, tableSize),
    pick: (input) => {
      const { candidates } = input;
      const table =
        (input.prepared as MaglevTable | undefined) ?? prepareTable(candidates, tableSize);
      const bound = boundOf(input, boundedLoad, table.weight);
      const { slots } = table;
      let slot = placeOf(input) % slots.length;
      // Neighbouring slots have candidates that are independent of each other.
      for (let passed = 0; passed < slots.length; passed++) {
        const owner = slots[slot] as number;
        if (hasRoom(candidates[owner] as Candidate, bound)) return owner;
        if (++slot === slots.length) slot = 0;
      }
      return leastLoaded(candidates);
    },
  };
}

function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++)
    if (value % divisor === 0) return false;
  return true;
}
