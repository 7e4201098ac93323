import type { Balancer } from "./balance/balancer.js";
import { subsetOf } from "./balance/subset.js";
import type { ServicePlan } from "./config/plan.js";
import { isEligible, nextChange } from "./health/eligible.js";
import { levelsOf } from "./health/levels.js";
import { nextShareAt, shareNow, type SlowStartRule } from "./health/slow-start.js";
import type { InstanceState, LevelState, PoolState } from "./state.js";

/**
 * Brings what follows from the state of the members up to date: who is eligible, with what share, in which levels, and what
 * the balancer prepared for them. O(1) while nothing has changed, O(members) else. It is no state of its own, so a decision may
 * do it.
 */
export function freshen(pool: PoolState, plan: ServicePlan, now: number): void {
  if (now < pool.staleAt && pool.workedOutBy === plan) return;
  const { members } = pool;
  let staleAt = Number.POSITIVE_INFINITY;
  for (const member of members) {
    weigh(member, plan.slowStart, now);
    const next = Math.min(nextChange(member, now), nextShareAt(plan.slowStart, member, now));
    if (next > now) staleAt = Math.min(staleAt, next);
  }
  // Copies: members come and go, and what is prepared is for these.
  const open = subsetFor(
    plan,
    members.filter(({ drainUntil }) => drainUntil === 0),
  );
  const eligible = open.every((member) => isEligible(member, now))
    ? open
    : open.filter((member) => isEligible(member, now));
  pool.isPanic = eligible.length === 0;
  for (const member of members) member.levels[member.pools.indexOf(pool)] = undefined;
  pool.levels = levelsOf(open, eligible, plan.zone, plan.levels).map(({ candidates, upTo }) => {
    const prepared = prepare(plan.balancer, candidates);
    const level: LevelState = { candidates, prepared, upTo, inFlight: 0 };
    for (const each of candidates) {
      each.levels[each.pools.indexOf(pool)] = level;
      level.inFlight += each.inFlight;
    }
    return level;
  });
  pool.staleAt = staleAt;
  pool.workedOutBy = plan;
}

// The same gateway keeps to the same instances as they come and go.
function subsetFor(
  { subset }: ServicePlan,
  open: readonly InstanceState[],
): readonly InstanceState[] {
  if (subset === undefined || open.length <= subset.size) return open;
  const ids = open.map(({ id }) => id);
  const chosen = new Set(subsetOf(ids, subset.client, subset.size));
  return open.filter(({ id }) => chosen.has(id));
}

/** Whether time makes no difference to what is worked out, and it is that of this plan. */
export function isTimeless({ staleAt, workedOutBy }: PoolState, plan: ServicePlan): boolean {
  return staleAt === Number.POSITIVE_INFINITY && workedOutBy === plan;
}

function weigh(member: InstanceState, rule: SlowStartRule, now: number): void {
  member.weight = member.fullWeight * shareNow(rule, member, now);
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
  for (const pool of pools) {
    pool.staleAt = Number.NEGATIVE_INFINITY;
    pool.service.tally = undefined;
  }
}
