import { newConcurrencyState, CONCURRENCY_DEFAULTS } from "./health/adaptive-concurrency.js";
import type { BreakerPhase, BreakerState } from "./health/circuit-breaker.js";
import type { ProbeState } from "./health/probe.js";
import type { WindowCounts } from "./health/window-counts.js";
import type { InstanceState, ServiceState } from "./state.js";

/** State of one instance as plain data. Times are what remains. */
export interface InstanceSnapshot {
  readonly inFlight: number;
  readonly consecutiveFailures: number;
  readonly consecutiveConnectFailures: number;
  /** Share of its latest attempts that failed, in [0, 1]. */
  readonly failureShare: number;
  /** Unit: milliseconds; 0 when it is not ejected. */
  readonly ejectedForMs: number;
  /** How many times as long the latest ejection was as the first; 0 when there was none. */
  readonly ejectionFactor: number;
  /** Since the latest ejection ended. Unit: milliseconds; 0 while it lasts, and when there was none. */
  readonly returnedMsAgo: number;
  /** Since it joined, or passed the first of its probes. Unit: milliseconds; `null` for one that the gateway began with. */
  readonly joinedMsAgo: number | null;
  /** Since it came back from a drain or from failed probes. Unit: milliseconds; `null` when it never did. */
  readonly resumedMsAgo: number | null;
  /** How long it still keeps its sessions while it drains. Unit: milliseconds; `null` when it does not drain. */
  readonly drainForMs: number | null;
  /** Status by probes, and the results in a row that speak against it. */
  readonly probe: ProbeState;
  /** Smoothed time until its answers; 0 when nothing is known. Unit: milliseconds. */
  readonly latencyMs: number;
  /** Since that was worked out. Unit: milliseconds. */
  readonly latencyMsAgo: number;
  /** What it did in the running interval of outlier detection. */
  readonly counts: WindowCounts;
}

/** State of one service as plain data. */
export interface ServiceSnapshot {
  readonly instances: { readonly [id: string]: InstanceSnapshot };
  /** Requests started by version; the empty name stands for backends that name no version. */
  readonly cursors: { readonly [version: string]: number };
  /** The same of attempts after the first, and of copies. */
  readonly laterCursors: { readonly [version: string]: number };
  readonly copyCursors: { readonly [version: string]: number };
  /** Requests and retries of the last ten seconds, the running second first. */
  readonly requests: readonly number[];
  readonly retries: readonly number[];
  /** Since the running interval of outlier detection began. Unit: milliseconds. */
  readonly intervalMsAgo: number;
  /** Phase of the circuit breaker. The calls that it has counted are not kept. */
  readonly breaker: BreakerSnapshot;
  /** Adaptive limit of the requests under way; `null` where there is none yet. */
  readonly adaptiveLimit: number | null;
}

/** State of a circuit breaker as plain data. */
export interface BreakerSnapshot {
  readonly phase: BreakerPhase;
  /** How long it stays open. Unit: milliseconds; 0 when it is not open. */
  readonly openForMs: number;
  /** Times that it opened since it was closed. */
  readonly openings: number;
}

/** All state of a gateway as plain JSON data. */
export interface GatewaySnapshot {
  readonly services: { readonly [name: string]: ServiceSnapshot };
  /** Reports of attempts that were not under way. */
  readonly ignoredReports: number;
  /** Times that a listener of changes threw. */
  readonly listenerErrors: number;
  /** Times that the clock threw where a place was taken or given back; its last reading held then. */
  readonly envErrors: number;
}

/** Any part of a snapshot. */
export interface PartialSnapshot {
  readonly services?: {
    readonly [name: string]: {
      readonly instances?: { readonly [id: string]: Partial<InstanceSnapshot> };
      readonly cursors?: { readonly [version: string]: number };
      readonly laterCursors?: { readonly [version: string]: number };
      readonly copyCursors?: { readonly [version: string]: number };
      readonly requests?: readonly number[];
      readonly retries?: readonly number[];
      readonly intervalMsAgo?: number;
      readonly breaker?: BreakerSnapshot;
      readonly adaptiveLimit?: number | null;
    };
  };
  readonly ignoredReports?: number;
  readonly listenerErrors?: number;
  readonly envErrors?: number;
}

/** State of one service as plain data. */
export function snapshotService(service: ServiceState, now: number): ServiceSnapshot {
  return {
    instances: record(
      [...service.instances].map(([id, instance]) => [id, snapshotInstance(instance, now)]),
    ),
    cursors: cursorsOf(service, "cursor"),
    laterCursors: cursorsOf(service, "laterCursor"),
    copyCursors: cursorsOf(service, "copyCursor"),
    requests: recent(service.retryBudget.requests, service.retryBudget.second, now),
    retries: recent(service.retryBudget.retries, service.retryBudget.second, now),
    intervalMsAgo: now - service.windowStartedAt,
    breaker: {
      phase: service.breaker.phase,
      openForMs: Math.max(0, service.breaker.openUntil - now),
      openings: service.breaker.openings,
    },
    adaptiveLimit: service.concurrency?.limit ?? null,
  };
}

/** What takes turns, each in its own. */
const CURSORS = ["cursor", "laterCursor", "copyCursor"] as const;

type CursorKind = (typeof CURSORS)[number];

function cursorsOf({ pools }: ServiceState, kind: CursorKind): Readonly<Record<string, number>> {
  return record([...pools].map(([version, pool]) => [version, pool[kind]]));
}

function restoreCursors(
  { pools }: ServiceState,
  kind: CursorKind,
  wanted: Readonly<Record<string, number>>,
  at: string,
  unknown: string[],
): void {
  for (const [version, cursor] of Object.entries(wanted)) {
    const pool = pools.get(version);
    const pointer = `${at}/${kind}s/${escapePointer(version)}`;
    if (pool === undefined) unknown.push(pointer);
    else pool[kind] = count(cursor, pointer);
  }
}

function snapshotInstance(instance: InstanceState, now: number): InstanceSnapshot {
  const { inFlight, consecutiveFailures, consecutiveConnectFailures, failureShare } = instance;
  const { ejectedUntil, ejectionFactor, joinedAt, resumedAt, drainUntil } = instance;
  const { latencyMs, latencyAt } = instance;
  return {
    inFlight,
    consecutiveFailures,
    consecutiveConnectFailures,
    failureShare,
    ejectedForMs: Math.max(0, ejectedUntil - now),
    ejectionFactor,
    returnedMsAgo: ejectionFactor === 0 ? 0 : Math.max(0, now - ejectedUntil),
    joinedMsAgo: joinedAt === 0 ? null : now - joinedAt,
    resumedMsAgo: resumedAt === 0 ? null : now - resumedAt,
    drainForMs: drainUntil === 0 ? null : Math.max(0, drainUntil - now),
    probe: { ...instance.probe },
    latencyMs,
    latencyMsAgo: latencyMs === 0 ? 0 : now - latencyAt,
    counts: { ...instance.counts },
  };
}

function recent(counts: readonly number[], counted: number, now: number): number[] {
  const second = Math.floor(now / 1000);
  return counts.map((_, back) => {
    const at = second - back;
    return at < 0 || at > counted || at <= counted - counts.length
      ? 0
      : (counts[at % counts.length] as number);
  });
}

/**
 * Lays a partial snapshot over fresh state.
 *
 * @returns JSON pointers of services, instances and versions that the configuration does not have
 * @throws RangeError when a count is not a whole number of 0 or more, or a time not a finite one
 */
export function restoreServices(
  services: ReadonlyMap<string, ServiceState>,
  partial: PartialSnapshot,
  now: number,
): string[] {
  const unknown: string[] = [];
  for (const [name, wanted] of Object.entries(partial.services ?? {})) {
    const service = services.get(name);
    const at = `/services/${escapePointer(name)}`;
    if (service === undefined) {
      unknown.push(at);
      continue;
    }
    for (const [id, state] of Object.entries(wanted.instances ?? {})) {
      const instance = service.instances.get(id);
      const place = `${at}/instances/${escapePointer(id)}`;
      if (instance === undefined) unknown.push(place);
      else restoreInstance(instance, state, now, place);
    }
    service.load.inFlight = inFlightOf(service.instances.values());
    for (const pool of service.pools.values()) pool.inFlight = inFlightOf(pool.members);
    service.dueAt = Number.NEGATIVE_INFINITY;
    if (wanted.breaker !== undefined)
      restoreBreaker(service.breaker, wanted.breaker, now, `${at}/breaker`);
    const { adaptiveLimit = null } = wanted;
    if (adaptiveLimit !== null) {
      service.concurrency = newConcurrencyState(CONCURRENCY_DEFAULTS);
      service.concurrency.limit = time(adaptiveLimit, `${at}/adaptiveLimit`);
    }
    service.windowStartedAt = now - time(wanted.intervalMsAgo ?? 0, `${at}/intervalMsAgo`);
    for (const kind of CURSORS)
      restoreCursors(service, kind, wanted[`${kind}s`] ?? {}, at, unknown);
    const budget = service.retryBudget;
    budget.second = Math.floor(now / 1000);
    restoreCounts(budget.requests, wanted.requests, budget.second, `${at}/requests`);
    restoreCounts(budget.retries, wanted.retries, budget.second, `${at}/retries`);
  }
  return unknown;
}

function inFlightOf(instances: Iterable<InstanceState>): number {
  let sum = 0;
  for (const { inFlight } of instances) sum += inFlight;
  return sum;
}

function restoreInstance(
  instance: InstanceState,
  state: Partial<InstanceSnapshot>,
  now: number,
  at: string,
): void {
  instance.inFlight = count(state.inFlight ?? 0, `${at}/inFlight`);
  for (const field of [
    "consecutiveFailures",
    "consecutiveConnectFailures",
    "ejectionFactor",
  ] as const)
    instance[field] = count(state[field] ?? 0, `${at}/${field}`);
  instance.failureShare = share(state.failureShare ?? 0, `${at}/failureShare`);
  const left = time(state.ejectedForMs ?? 0, `${at}/ejectedForMs`);
  const ago = time(state.returnedMsAgo ?? 0, `${at}/returnedMsAgo`);
  instance.isEjected = left > 0;
  if (left > 0) {
    instance.ejectedUntil = now + left;
    instance.ejectionFactor = Math.max(1, instance.ejectionFactor);
  } else {
    instance.ejectedUntil = instance.ejectionFactor === 0 ? 0 : now - ago;
  }
  restoreTimes(instance, state, now, at);
  if (state.probe !== undefined) restoreProbe(instance.probe, state.probe, `${at}/probe`);
  for (const field of Object.keys(instance.counts) as (keyof WindowCounts)[])
    instance.counts[field] = time(state.counts?.[field] ?? 0, `${at}/counts/${field}`);
}

const STATUSES = ["unprobed", "waiting", "passing", "failing"] as const;

function restoreProbe(probe: ProbeState, { status, contrary }: ProbeState, at: string): void {
  if (!STATUSES.includes(status)) {
    const listed = STATUSES.map((each) => JSON.stringify(each)).join(", ");
    const got = JSON.stringify(status);
    throw new RangeError(`${at}/status: expected one of ${listed}, got ${got}`);
  }
  const results = count(contrary, `${at}/contrary`);
  // Of a time when the service had probes and has none now, or the other way round.
  if ((status === "unprobed") !== (probe.status === "unprobed")) return;
  probe.status = status;
  probe.contrary = results;
}

function restoreTimes(
  instance: InstanceState,
  {
    joinedMsAgo,
    resumedMsAgo,
    drainForMs,
    latencyMs = 0,
    latencyMsAgo = 0,
  }: Partial<InstanceSnapshot>,
  now: number,
  at: string,
): void {
  if (joinedMsAgo !== null && joinedMsAgo !== undefined)
    instance.joinedAt = now - time(joinedMsAgo, `${at}/joinedMsAgo`);
  if (resumedMsAgo !== null && resumedMsAgo !== undefined)
    instance.resumedAt = now - time(resumedMsAgo, `${at}/resumedMsAgo`);
  if (drainForMs !== null && drainForMs !== undefined)
    instance.drainUntil = now + time(drainForMs, `${at}/drainForMs`);
  instance.latencyMs = time(latencyMs, `${at}/latencyMs`);
  instance.latencyAt = now - time(latencyMsAgo, `${at}/latencyMsAgo`);
}

function restoreBreaker(
  state: BreakerState,
  { phase, openForMs, openings }: BreakerSnapshot,
  now: number,
  at: string,
): void {
  // One that was half-open tries anew.
  state.phase = phase === "closed" ? "closed" : "open";
  state.openings = count(openings, `${at}/openings`);
  state.openUntil = phase === "closed" ? 0 : now + time(openForMs, `${at}/openForMs`);
}

function restoreCounts(
  counts: number[],
  wanted: readonly number[] | undefined,
  second: number,
  at: string,
): void {
  counts.fill(0);
  for (const [back, value] of (wanted ?? []).slice(0, counts.length).entries()) {
    if (second - back >= 0) counts[(second - back) % counts.length] = count(value, `${at}/${back}`);
  }
}

function count(value: number, at: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`${at}: expected a whole number >= 0, got ${String(value)}`);
}

function share(value: number, at: string): number {
  if (value >= 0 && value <= 1) return value;
  throw new RangeError(`${at}: expected a number from 0 to 1, got ${String(value)}`);
}

function time(value: number, at: string): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${at}: expected a finite number >= 0, got ${String(value)}`);
}

function escapePointer(text: string): string {
  return text.replaceAll("~", "~0").replaceAll("/", "~1");
}

// Names come from the configuration and may be anything, __proto__ included.
function record<T>(entries: readonly (readonly [string, T])[]): { readonly [name: string]: T } {
  const target: { [name: string]: T } = Object.create(null) as { [name: string]: T };
  for (const [name, value] of entries) target[name] = value;
  return target;
}
