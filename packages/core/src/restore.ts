import { momentOf } from "./due.js";
import { newConcurrencyState, CONCURRENCY_DEFAULTS } from "./health/adaptive-concurrency.js";
import type { BreakerState } from "./health/circuit-breaker.js";
import type { ProbeState } from "./health/probe.js";
import type { WindowCounts } from "./health/window-counts.js";
import {
  CURSORS,
  type BreakerSnapshot,
  type CursorKind,
  type InstanceSnapshot,
  type PartialSnapshot,
} from "./snapshot.js";
import type { InstanceState, ServiceState } from "./state.js";

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
    instance.joinedAt = momentOf(now - time(joinedMsAgo, `${at}/joinedMsAgo`));
  if (resumedMsAgo !== null && resumedMsAgo !== undefined)
    instance.resumedAt = momentOf(now - time(resumedMsAgo, `${at}/resumedMsAgo`));
  if (drainForMs !== null && drainForMs !== undefined)
    instance.drainUntil = momentOf(now + time(drainForMs, `${at}/drainForMs`));
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
