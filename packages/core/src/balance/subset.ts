import { murmur3 } from "../murmur3.js";

/**
 * The instances that one gateway of many sends its requests to, so that a service of thousands does not keep a connection to each
 * instance from each gateway. Each gateway ranks the instances by a hash of its own name and theirs and takes the first: the same
 * names give the same subset, whatever the order of the list and whoever started first. When an instance comes or goes, a subset
 * that it belongs to changes by one, and every other not at all.
 *
 * The spread is that of chance, as for all who do not talk to each other: an instance is in the subsets of `mean = gateways * size /
 * instances` gateways, with a deviation of `sqrt(mean * (1 - size / instances))`. Choose a size that makes the mean 25 or more, where
 * there are gateways enough; 20 to 100 instances are usual.
 *
 * Compared with the algorithm of the SRE book, at 300 gateways, 300 instances and a size of 30: there each instance is in exactly 30
 * subsets, here in 17 to 45. But there the gateways have to be numbered without gaps, and when one instance goes, a subset loses 27
 * of its 30 on average; here 0.1, which is the least.
 *
 * @param ids unique
 * @param clientId what tells this gateway from the others: the name of its host or pod
 * @param size `ids` itself is answered where it holds no more; 0 means no limit
 * @returns in the order of `ids`. O(n log n), for when the list changes and not for each request
 *
 * @example
 * const near = subsetOf(instances.map(({ id }) => id), "gateway-7", 50);
 *
 * Sources: D. Thaler and C. Ravishankar, "A name-based mapping scheme for rendezvous", 1996; gRPC,
 * proposal A68 (random subsetting); B. Beyer and others, "Site reliability engineering", 2016, chapter 20 (deterministic
 * subsetting).
 */
export function subsetOf(
  ids: readonly string[],
  clientId: string,
  size: number,
): readonly string[] {
  if (size <= 0 || ids.length <= size) return ids;
  const seed = murmur3(clientId, 0);
  const ranks = Uint32Array.from(ids, (id) => murmur3(id, seed));
  const last = ranks.toSorted()[size - 1] as number;
  const first = ids.filter((_, index) => (ranks[index] as number) < last);
  // Those of equal rank by name, so that the order of the list does not matter.
  const equal = ids.filter((_, index) => ranks[index] === last).sort();
  const chosen = new Set([...first, ...equal.slice(0, size - first.length)]);
  return ids.filter((id) => chosen.has(id));
}
