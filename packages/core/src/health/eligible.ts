import type { InstanceState, PoolState } from "../state.js";

/** Whether an instance may get traffic now. */
export function isEligible(instance: InstanceState, now: number): boolean {
  return instance.ejectedUntil <= now;
}

/** The instances that may be chosen now, and what the balancer prepared for them if that is still right. */
export interface Eligible {
  readonly candidates: readonly InstanceState[];
  readonly prepared: unknown;
}

/**
 * The candidates of a pool. O(1) unless an ejection has ended since the pool was last refreshed. Where none
 * is eligible, all are tried or none, as the service says: trying is better than failing for certain.
 *
 * Source: Envoy, panic threshold.
 */
export function eligibleOf(pool: PoolState, now: number, tryAll: boolean): Eligible {
  const fresh =
    now < pool.staleAt
      ? pool.candidates
      : pool.members.filter((instance) => isEligible(instance, now));
  if (fresh.length === 0) return { candidates: tryAll ? pool.members : fresh, prepared: undefined };
  return fresh === pool.candidates ? pool : { candidates: fresh, prepared: undefined };
}
