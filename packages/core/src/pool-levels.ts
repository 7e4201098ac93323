import type { Balancer } from "./balance/balancer.js";
import { subsetOfMembers } from "./balance/subset-of-members.js";
import type { ServicePlan } from "./config/plan.js";
import { isEligible, nextChange } from "./health/eligible.js";
import { isUsedBy } from "./health/in-use.js";
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
  const used = usedOf(
    plan,
    members.filter(({ drainUntil }) => drainUntil === 0),
    now,
  );
  const eligible = used.every((member) => isEligible(member, now))
    ? used
    : used.filter((member) => isEligible(member, now));
  pool.isPanic = eligible.length === 0;
  pool.levels = levelsOf(used, eligible, plan.zone, plan.levels).map(({ candidates, upTo }) =>
    levelFor(candidates, prepare(plan.balancer, candidates), upTo),
  );
  const others =
    used.length === eligible.length ? [] : used.filter((each) => !isEligible(each, now));
  place(pool, used, levelFor(others, undefined, 0));
  pool.staleAt = staleAt;
  pool.workedOutBy = plan;
}

// The same gateway keeps to the same instances as they come and go. One whose place somebody takes that still waits for its first
// probe goes on until that has come; and where nobody of the subset is eligible, others of the service are.
function usedOf(
  { subset, zone }: ServicePlan,
  open: readonly InstanceState[],
  now: number,
): readonly InstanceState[] {
  if (subset === undefined || open.length <= subset.size) return open;
  const used = new Set<InstanceState>();
  const take = (members: readonly InstanceState[]): void => {
    for (const member of subsetOfMembers(members, { ...subset, zone })) used.add(member);
  };
  take(open);
  const isKnown = ({ probe }: InstanceState): boolean => probe.status !== "waiting";
  if (![...used].every(isKnown)) take(open.filter(isKnown));
  const isWell = (member: InstanceState): boolean => isEligible(member, now);
  if (![...used].some(isWell)) take(open.filter(isWell));
  return open.filter((member) => used.has(member));
}

function levelFor(
  candidates: readonly InstanceState[],
  prepared: unknown,
  upTo: number,
): LevelState {
  const inFlight = candidates.reduce((sum, each) => sum + each.inFlight, 0);
  return { candidates, prepared, upTo, inFlight };
}

// Each member learns of its level. Those that are used and not eligible have one that no request is drawn from, so that they
// can be told from those that are not used at all.
function place(pool: PoolState, used: readonly InstanceState[], bench: LevelState): void {
  let isOther = false;
  for (const member of used) {
    const at = member.pools.indexOf(pool);
    isOther ||= member.levels[at] === undefined;
    member.levels[at] = bench;
  }
  for (const member of pool.members) {
    const at = member.pools.indexOf(pool);
    const level = member.levels[at];
    if (level === undefined || level === bench) continue;
    member.levels[at] = undefined;
    isOther = true;
  }
  for (const level of pool.levels)
    for (const each of level.candidates) each.levels[each.pools.indexOf(pool)] = level;
  // Whom ejections are counted over.
  if (isOther) pool.service.tally = undefined;
}

/** Why a pool that is up to date has no use for a member whatever its health, in words; undefined where it has. */
export function whyUnused(
  pool: PoolState | undefined,
  instance: InstanceState,
): string | undefined {
  const isOpen = pool !== undefined && instance.pools.includes(pool) && instance.drainUntil === 0;
  const isOutside = isOpen && !isUsedBy(pool, instance);
  return isOutside ? "it is not in the subset of this gateway" : undefined;
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
