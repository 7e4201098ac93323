import type { CookieRule, HeaderRule } from "./affinity/affinity-rule.js";
import { newSessionMemory, withBounds } from "./affinity/memory.js";
import { addPin, newPinTable, removePin, suits } from "./affinity/pin-table.js";
import type { InstancePlan, ServicePlan } from "./config/plan.js";
import { newWindowCounts } from "./health/window-counts.js";
import { newBreakerState } from "./health/circuit-breaker.js";
import { newRetryBudget } from "./health/retry-budget.js";
import { makeStale } from "./pool-levels.js";
import { dueAtOf } from "./due.js";
import type {
  InstanceReference,
  InstanceState,
  PoolState,
  ServiceLoad,
  ServiceState,
} from "./state.js";

/**
 * A service without instances.
 *
 * @param before what is kept of the state before
 */
export function newService(
  { name, affinity }: Pick<ServicePlan, "name" | "affinity">,
  versions: Iterable<string>,
  before: Partial<ServiceState> | undefined,
  now: number,
): ServiceState {
  const service: ServiceState = {
    name,
    instances: new Map(),
    pools: new Map(),
    dueAt: Number.POSITIVE_INFINITY,
    pins: affinity?.kind === "cookie" ? pinsFor(affinity, before?.pins) : undefined,
    sessions:
      affinity?.kind === "header" ? sessionsFor(affinity, before?.sessions, now) : undefined,
    windowStartedAt: before?.windowStartedAt ?? now,
    retryBudget: before?.retryBudget ?? newRetryBudget(),
    breaker: before?.breaker ?? newBreakerState(),
    concurrency: before?.concurrency,
    load: before?.load ?? { inFlight: 0 },
    tally: undefined,
  };
  for (const version of ["", ...versions]) addPool(service, version, before?.pools?.get(version));
  return service;
}

// Making the values of many instances takes its time: those that stay right are kept.
function pinsFor(rule: CookieRule, before: ServiceState["pins"]): ServiceState["pins"] {
  if (before === undefined || !suits(before, rule)) return newPinTable(rule);
  return { ...before, rule };
}

function sessionsFor(
  rule: HeaderRule,
  before: ServiceState["sessions"],
  now: number,
): ServiceState["sessions"] {
  return before === undefined ? newSessionMemory(rule) : withBounds(before, rule, now);
}

function addPool(service: ServiceState, version: string, before?: PoolState): PoolState {
  const pool: PoolState = {
    service,
    members: [],
    levels: [],
    isPanic: false,
    staleAt: Number.NEGATIVE_INFINITY,
    workedOutBy: undefined,
    cursor: before?.cursor ?? 0,
    pinnedCursor: before?.pinnedCursor ?? 0,
    laterCursor: before?.laterCursor ?? 0,
    copyCursor: before?.copyCursor ?? 0,
    inFlight: 0,
  };
  service.pools.set(version, pool);
  return pool;
}

/** A new instance of a service, which is a member of nothing yet. */
export function newInstance(
  service: string,
  plan: InstancePlan,
  load: ServiceLoad,
  joinedAt: number,
  isProbed: boolean,
): InstanceState {
  const { id, url, basePath, version, weight, zone, tier, socketPath, handler } = plan;
  return {
    ...{ service, id, url, basePath, version, weight, zone, tier, socketPath, handler },
    fullWeight: weight,
    pools: [],
    levels: [],
    load,
    joinedAt,
    resumedAt: 0,
    reference: referenceTo(plan),
    inFlight: 0,
    consecutiveFailures: 0,
    consecutiveConnectFailures: 0,
    failureShare: 0,
    counts: newWindowCounts(),
    probe: { status: isProbed && handler === undefined ? "waiting" : "unprobed", contrary: 0 },
    latencyMs: 0,
    latencyAt: 0,
    ejectedUntil: 0,
    ejectionFactor: 0,
    isEjected: false,
    drainUntil: 0,
    isDrained: false,
    hasLeft: false,
  };
}

/** Takes an instance in, behind those that are there. O(1). */
export function addMember(service: ServiceState, instance: InstanceState): void {
  service.instances.set(instance.id, instance);
  instance.pools = poolsOf(service, instance);
  instance.levels = [];
  for (const pool of instance.pools) joinPool(pool, instance);
  service.dueAt = Math.min(service.dueAt, dueAtOf(instance));
  if (service.pins !== undefined) addPin(service.pins, instance);
  makeStale(instance);
}

function poolsOf(service: ServiceState, { version }: InstanceState): PoolState[] {
  const all = service.pools.get("") as PoolState;
  if (version === "") return [all];
  return [all, service.pools.get(version) ?? addPool(service, version)];
}

function joinPool(pool: PoolState, instance: InstanceState): void {
  pool.members.push(instance);
  pool.inFlight += instance.inFlight;
}

/** Takes instances out. O(members of the service), however many they are. */
export function removeMembers(service: ServiceState, gone: ReadonlySet<InstanceState>): void {
  leavePools(gone, 0);
  for (const instance of gone) {
    instance.pools = [];
    instance.levels = [];
    if (service.pins !== undefined) removePin(service.pins, instance);
    if (service.instances.get(instance.id) === instance) service.instances.delete(instance.id);
  }
}

/**
 * Instances become those of other versions, and keep their places among all. O(members of the service), however many they
 * are.
 */
export function changeVersions(
  service: ServiceState,
  changed: ReadonlyMap<InstanceState, string>,
): void {
  leavePools(new Set(changed.keys()), 1);
  for (const [instance, version] of changed) {
    instance.version = version;
    instance.pools = poolsOf(service, instance);
    instance.levels = [];
    for (const pool of instance.pools.slice(1)) joinPool(pool, instance);
    makeStale(instance);
  }
}

/** Whether the instances of a service stand in the order of a list of their ids. */
export function isInOrder({ instances }: ServiceState, ids: Iterable<string>): boolean {
  const there = instances.keys();
  for (const id of ids) if (there.next().value !== id) return false;
  return true;
}

/** Instances stand in the order of a list of their ids from now on, in all pools. What was worked out stays as it is. */
export function orderMembers({ instances, pools }: ServiceState, ids: Iterable<string>): void {
  const ranks = new Map<InstanceState, number>();
  for (const id of ids) ranks.set(instances.get(id) as InstanceState, ranks.size);
  instances.clear();
  for (const instance of ranks.keys()) instances.set(instance.id, instance);
  const rankOf = (instance: InstanceState): number => ranks.get(instance) as number;
  for (const { members } of pools.values()) members.sort((a, b) => rankOf(a) - rankOf(b));
}

// That of all instances is the first of the pools that an instance is in.
function leavePools(gone: ReadonlySet<InstanceState>, from: 0 | 1): void {
  const left = new Set<PoolState>();
  for (const instance of gone) {
    makeStale(instance);
    for (const pool of instance.pools.slice(from)) {
      pool.inFlight -= instance.inFlight;
      left.add(pool);
    }
  }
  for (const { members } of left) {
    const kept = members.filter((member) => !gone.has(member));
    members.length = 0;
    for (const member of kept) members.push(member);
  }
}

/** Probes come to an instance that has traffic already, or go. Until there is a result it keeps its traffic. */
export function adoptProbe({ probe, handler }: InstanceState, isProbed: boolean): void {
  const isAsked = isProbed && handler === undefined;
  if (isAsked === (probe.status !== "unprobed")) return;
  probe.status = isAsked ? "passing" : "unprobed";
  probe.contrary = 0;
}

/** What a configuration says of an instance that stays; true where it is another place than before. */
export function describe(instance: InstanceState, plan: InstancePlan): boolean {
  const { url, socketPath, handler, basePath, weight, zone, tier } = plan;
  Object.assign(instance, { basePath, weight, fullWeight: weight, zone, tier });
  makeStale(instance);
  if (url === instance.url && socketPath === instance.socketPath && handler === instance.handler)
    return false;
  Object.assign(instance, { url, socketPath, handler, reference: referenceTo(plan) });
  return true;
}

/** How decisions know an instance. Another object is another place, though nothing in it differs. */
export function referenceTo({
  id,
  url,
  socketPath,
  handler,
}: Pick<InstancePlan, "id" | "url" | "socketPath" | "handler">): InstanceReference {
  if (handler !== undefined) return Object.freeze({ id, url, handler });
  return Object.freeze(socketPath === undefined ? { id, url } : { id, url, socketPath });
}
