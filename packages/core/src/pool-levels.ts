import type { Balancer } from "./balance/balancer.js";
import type { ServicePlan } from "./config/plan.js";
import { isEligible, nextChange } from "./health/eligible.js";
import type { InstanceState, LevelState, PoolState } from "./state.js";

const NO_LEVELS: readonly LevelState[] = Object.freeze([]);

/**
 * Brings what follows from the state of the members up to date: who is eligible, and what the balancer prepared for them.
 * O(1) while nothing has changed, O(members) else. It is no state of its own, so a decision may do it.
 */
export function freshen(pool: PoolState, plan: ServicePlan, now: number): void {
  if (now < pool.staleAt) return;
  const { members } = pool;
  let staleAt = Number.POSITIVE_INFINITY;
  for (const member of members) staleAt = Math.min(staleAt, nextChange(member, now));
  const eligible = members.every((member) => isEligible(member, now))
    ? members
    : members.filter((member) => isEligible(member, now));
  pool.isPanic = eligible.length === 0;
  const candidates = pool.isPanic ? members.filter(({ drainUntil }) => drainUntil === 0) : eligible;
  // A copy: members come and go, and what was prepared is for these.
  pool.levels = candidates.length === 0 ? NO_LEVELS : [levelOf(plan.balancer, [...candidates], 1)];
  pool.staleAt = staleAt;
}

function levelOf(
  balancer: Balancer,
  candidates: readonly InstanceState[],
  upTo: number,
): LevelState {
  return { candidates, prepared: prepare(balancer, candidates), upTo };
}

// A balancer of the user's own may throw; what it could not prepare it is asked to pick from unprepared.
function prepare(balancer: Balancer, candidates: readonly InstanceState[]): unknown {
  try {
    return balancer.prepare?.(candidates);
  } catch {
    return undefined;
  }
}

/** Something that pools depend on has changed: they are brought up to date when somebody looks. */
export function makeStale({ pools }: InstanceState): void {
  for (const pool of pools) pool.staleAt = Number.NEGATIVE_INFINITY;
}
