import type { ServicePlan } from "../config/plan.js";

/** A part of a service that requests come through: all of it, or a version. */
export interface PoolUse {
  /** Requests started here that the balancer chose for, those that a pin brought, and copies. */
  readonly cursor: number;
  readonly pinnedCursor: number;
  readonly copyCursor: number;
  /** The plan of its service. */
  readonly workedOutBy: object | undefined;
}

/** What of an instance tells whose requests it gets. */
export interface PoolMember {
  /** That of its service, and that of its version if it has one. */
  readonly pools: readonly PoolUse[];
  /** Its level in each of them, as it was worked out last. */
  readonly levels: readonly (object | undefined)[];
}

/** Whether requests have come for a pool, be it from clients that are pinned or as copies. */
export function isAsked({ cursor, pinnedCursor, copyCursor }: PoolUse): boolean {
  return cursor > 0 || pinnedCursor > 0 || copyCursor > 0;
}

/**
 * The pools that an instance is judged in: among their instances are those that get its requests when it is ejected.
 *
 * That is the pool of the service. Where the service refuses requests while nobody is eligible, or the gateway keeps to a subset of
 * each version, it is that of the version as well once requests have come for it, and that alone where none have come for the
 * whole service: else an ejection would refuse them. Otherwise all of a version may be ejected: its requests go to their fallback,
 * or are tried all the same.
 *
 * Source: own. Envoy counts ejections over the cluster, whatever subset of it a route names.
 */
export function poolsInUse(instance: PoolMember): readonly PoolUse[] {
  const { pools } = instance;
  const [all, version] = pools;
  if (all === undefined || version === undefined) return pools;
  if (!isAsked(version) || !countsVersions(instance)) return [all];
  return isAsked(all) ? pools : [version];
}

/** Whether a pool gives an instance requests when it is eligible: one that has a subset has a level for it then, or had one last. */
export function isUsedBy(pool: PoolUse, instance: PoolMember): boolean {
  const index = instance.pools.indexOf(pool);
  if (index < 0) return false;
  return planOf(instance).subset === undefined || instance.levels[index] !== undefined;
}

/** Whether ejections are counted over an instance: this gateway sends it requests when it is eligible. */
export function isInUse(instance: PoolMember): boolean {
  const isOpen = !countsVersions(instance);
  return poolsInUse(instance).some((pool) => (isOpen || isAsked(pool)) && isUsedBy(pool, instance));
}

function countsVersions(instance: PoolMember): boolean {
  const { tryAll, subset } = planOf(instance);
  return tryAll === false || subset !== undefined;
}

// Requests have come through one of its pools at least, which was worked out for them.
function planOf({ pools }: PoolMember): Partial<ServicePlan> {
  return pools.find(({ workedOutBy }) => workedOutBy !== undefined)?.workedOutBy ?? {};
}
