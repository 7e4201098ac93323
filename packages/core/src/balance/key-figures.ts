import { murmur3 } from "../murmur3.js";
import type { Balancer, Candidate } from "./balancer.js";

/** Candidates named like instances, all idle. */
export function instances(
  count: number,
  weightOf: (index: number) => number = () => 1,
): readonly Candidate[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `http://10.0.${index >> 8}.${index & 255}:8080`,
    weight: weightOf(index),
    inFlight: 0,
  }));
}

/** Ids of the candidates that so many keys are given to, always the same keys. */
export function placed(
  balancer: Balancer,
  candidates: readonly Candidate[],
  keys: number,
): readonly string[] {
  const prepared = balancer.prepare?.(candidates);
  const draw = () => 0;
  return Array.from({ length: keys }, (_, index) => {
    const key = murmur3(`user-${index}`, 0);
    const picked = balancer.pick({ candidates, draw, now: 1_000, key, prepared });
    return (candidates[picked] as Candidate).id;
  });
}

/** Keys of each candidate, in the order of the list, as multiples of its share by weight. */
export function loads(
  candidates: readonly Candidate[],
  owners: readonly string[],
): readonly number[] {
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const sum = candidates.reduce((total, { weight }) => total + weight, 0);
  return candidates.map(
    ({ id, weight }) => (counts.get(id) ?? 0) / ((owners.length * weight) / sum),
  );
}

/** Share of the keys that one leaving moves although they were not its own. */
export function movedByLeaving(
  balancer: Balancer,
  candidates: readonly Candidate[],
  leaver: number,
  keys: number,
): number {
  const gone = (candidates[leaver] as Candidate).id;
  const before = placed(balancer, candidates, keys);
  const after = placed(
    balancer,
    candidates.filter(({ id }) => id !== gone),
    keys,
  );
  return before.filter((id, key) => id !== gone && after[key] !== id).length / keys;
}
