import type { Outcome } from "../outcome.js";
import { gradeOf } from "./grade.js";
import { isInUse, isUsedBy, poolsInUse, type PoolMember, type PoolUse } from "./in-use.js";

/** Weight of one attempt: about the last ten make up the share. */
const ATTEMPT = 0.1;
/** The share of failures from which on a row has to be longer than it is configured. */
const ORDINARY = 0.05;
/** The share of failures of the best quarter from which on all suffer from the same: then nobody is ejected for a row. */
export const SHARED = 0.5;

/**
 * The share of an instance's latest attempts that failed, in [0, 1], with one more taken in. What the client did changes nothing.
 *
 * @example
 * failureShareAfter(0, { kind: "failure", stage: "connect", cause: "refused" }); // 0.1
 *
 * Source: S. Roberts, "Control chart tests based on geometric moving averages", 1959.
 */
export function failureShareAfter(share: number, outcome: Outcome): number {
  const grade = gradeOf(outcome);
  if (grade === "nothing") return share;
  const failed = grade === "connect-failure" || grade === "gateway-failure" ? 1 : 0;
  return share + (failed - share) * ATTEMPT;
}

/**
 * How many times longer than configured a row of failures has to be before it ejects, at least 1; `Infinity` where the others
 * fail in half of their attempts. Where they fail in one of twenty or less it is 1. Where they fail more often, rows come by chance,
 * and the row has to be as much longer as makes it as rare: 1.3 times at a tenth, 1.9 times at a fifth, 3.3 times at two fifths. So
 * what all suffer from, an overload or a broken dependency, ejects nobody, and an instance that is dead beside others that fail
 * now and then goes all the same.
 *
 * @param othersShare what `shareOfBest` says of the others
 *
 * @example
 * rowFactor(0.1); // 1.30…
 *
 * Source: own. A row of r failures comes by chance with the probability of one failure to the power of r: log(0.05) / log(share)
 * makes both rows as rare. Envoy ejects at the same length whatever the others do.
 */
export function rowFactor(othersShare: number): number {
  if (othersShare <= ORDINARY) return 1;
  return othersShare >= SHARED
    ? Number.POSITIVE_INFINITY
    : Math.log(ORDINARY) / Math.log(othersShare);
}

/** Eligible instances, counted by the share of their failures. */
export interface ShareCounts {
  readonly eligible: number;
  /** In steps of a twentieth. Kept up to date in place. */
  readonly byShare: Uint32Array;
}

/** The instances of a service, counted by what ejections depend on. */
export interface Tally extends ShareCounts {
  /** Those that this gateway uses. */
  readonly inUse: number;
  /** Those of them that are ejected. */
  readonly ejected: number;
  /** Pools that requests were started from. */
  readonly started: number;
  /** The pools in use that have not all of the eligible instances: those of a version, or of a subset. */
  readonly pools: ReadonlyMap<PoolUse, PoolTally>;
}

/** The eligible instances that a pool uses. */
interface PoolTally extends ShareCounts {
  /** The share with which each of them is counted. */
  readonly shares: Map<PoolMember, number>;
}

const STEPS = 20;

/** What is counted of an instance. */
export interface Tallied extends PoolMember {
  readonly failureShare: number;
  /** Unit: milliseconds of the gateway's clock. */
  readonly ejectedUntil: number;
}

/**
 * Counts instances. O(instances): whoever asks keeps it until one of them becomes eligible or is in use, or is so no more, or
 * requests are started from another pool.
 *
 * @param started from how many pools of the service requests were started
 */
export function tallyOf<T extends Tallied>(
  instances: Iterable<T>,
  started: number,
  isEligible: (instance: T, now: number) => boolean,
  now: number,
): Tally {
  const byShare = new Uint32Array(STEPS + 1);
  const counts = { eligible: 0, inUse: 0, ejected: 0 };
  const members = new Map<PoolUse, T[]>();
  for (const instance of instances) {
    const isIn = isEligible(instance, now);
    if (isIn) {
      counts.eligible++;
      addTo(byShare, instance.failureShare, 1);
    }
    if (isInUse(instance)) {
      counts.inUse++;
      if (instance.ejectedUntil > now) counts.ejected++;
    }
    for (const pool of poolsInUse(instance)) {
      const own = members.get(pool) ?? [];
      if (isIn && isUsedBy(pool, instance)) own.push(instance);
      members.set(pool, own);
    }
  }
  const parts = [...members].filter(([, own]) => own.length < counts.eligible);
  const pools = new Map(parts.map(([pool, own]) => [pool, poolTallyOf(own)]));
  return { ...counts, byShare, started, pools };
}

function poolTallyOf(instances: readonly Tallied[]): PoolTally {
  const byShare = new Uint32Array(STEPS + 1);
  const shares = new Map<PoolMember, number>();
  for (const instance of instances) {
    addTo(byShare, instance.failureShare, 1);
    shares.set(instance, instance.failureShare);
  }
  return { eligible: instances.length, byShare, shares };
}

/** The share of an eligible instance has changed. O(1). */
export function moveInTally({ byShare }: ShareCounts, before: number, after: number): void {
  addTo(byShare, before, -1);
  addTo(byShare, after, 1);
}

/** The share of an instance may have changed: what pools counted of it follows. O(pools of the instance). */
export function followInPools({ pools }: Tally, instance: Tallied): void {
  if (pools.size === 0) return;
  for (const pool of instance.pools) {
    const counts = pools.get(pool);
    const before = counts?.shares.get(instance);
    if (counts === undefined || before === undefined) continue;
    moveInTally(counts, before, instance.failureShare);
    counts.shares.set(instance, instance.failureShare);
  }
}

/** How those do to whom the traffic of an instance would go. */
export interface Others {
  readonly eligible: number;
  /** What `shareOfBest` says of them. */
  readonly best: number;
}

/**
 * The others of each pool that an instance is judged in: as few as there are in one of them, and as good as they are in one of
 * them. So the last one of a pool stays, and a version that is judged and fails as a whole loses nobody for it, unless requests
 * that name no version do better without.
 *
 * @param isEligible whether it is counted among the eligible ones itself
 *
 * Source: own.
 */
export function othersOf(
  tally: Tally,
  instance: Tallied,
  isEligible: boolean,
  maxEjectionRatio: number,
): Others {
  let eligible = Number.POSITIVE_INFINITY;
  let best = 1;
  for (const pool of poolsInUse(instance)) {
    const part = tally.pools.get(pool);
    const whole = isEligible ? instance.failureShare : undefined;
    const own = part === undefined ? whole : part.shares.get(instance);
    const counts = part ?? tally;
    eligible = Math.min(eligible, counts.eligible - (own === undefined ? 0 : 1));
    best = Math.min(best, shareOfBest(counts, own, maxEjectionRatio));
  }
  return { eligible, best };
}

/** Whether all to whom the traffic of an instance goes fail half of their attempts, those that do best among them. */
export function isShared(tally: Tally, instance: Tallied, maxEjectionRatio: number): boolean {
  return poolsInUse(instance).every(
    (pool) => shareOfBest(tally.pools.get(pool) ?? tally, undefined, maxEjectionRatio) >= SHARED,
  );
}

/**
 * The share of failures that the best quarter of the eligible others does not exceed, rounded down to a twentieth; 0 where there is
 * nobody else. The best quarter, because an ejection helps as long as there are some that do better: where more than three
 * quarters of a service may be ejected, it is the best of what must stay. O(1).
 *
 * @param own share of the instance that is compared with them; undefined where that is not eligible
 *
 * Source: own. A quantile, because a mean or a median follows those that fail as soon as they are many.
 */
export function shareOfBest(
  { eligible, byShare }: ShareCounts,
  own: number | undefined,
  maxEjectionRatio = 0.5,
): number {
  const others = own === undefined ? eligible : eligible - 1;
  let left = Math.floor((others - 1) * Math.min(1 - maxEjectionRatio, 0.25));
  for (let step = 0; step <= STEPS; step++) {
    left -= (byShare[step] as number) - (own !== undefined && stepOf(own) === step ? 1 : 0);
    if (left < 0 && others > 0) return step / STEPS;
  }
  return 0;
}

function addTo(byShare: Uint32Array, share: number, count: 1 | -1): void {
  const step = stepOf(share);
  byShare[step] = (byShare[step] as number) + count;
}

function stepOf(share: number): number {
  return Math.min(Math.floor(share * STEPS), STEPS);
}
