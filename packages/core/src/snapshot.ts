import type { BreakerPhase } from "./health/circuit-breaker.js";
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
  /** The same of requests that a pin brought, of attempts after the first, and of copies. */
  readonly pinnedCursors: { readonly [version: string]: number };
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
      readonly pinnedCursors?: { readonly [version: string]: number };
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
    pinnedCursors: cursorsOf(service, "pinnedCursor"),
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

/** What takes turns, each in its own; and what takes none. */
export const CURSORS = ["cursor", "pinnedCursor", "laterCursor", "copyCursor"] as const;

export type CursorKind = (typeof CURSORS)[number];

function cursorsOf({ pools }: ServiceState, kind: CursorKind): Readonly<Record<string, number>> {
  return record([...pools].map(([version, pool]) => [version, pool[kind]]));
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

// Names come from the configuration and may be anything, __proto__ included.
function record<T>(entries: readonly (readonly [string, T])[]): { readonly [name: string]: T } {
  const target: { [name: string]: T } = Object.create(null) as { [name: string]: T };
  for (const [name, value] of entries) target[name] = value;
  return target;
}
