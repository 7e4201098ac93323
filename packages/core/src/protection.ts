import type { Announce } from "./change.js";
import type { Plan, ServicePlan } from "./config/plan.js";
import {
  firstLimitOf,
  limitOf,
  newConcurrencyState,
  observeCall,
} from "./health/adaptive-concurrency.js";
import {
  breakerAnswer,
  cancelCall,
  countCall,
  failCounted,
  retryAfterOf,
  settleBreaker,
  startCall,
  type BreakerPhase,
} from "./health/circuit-breaker.js";
import { gradeOf } from "./health/grade.js";
import { placesOf } from "./health/load-shed.js";
import type { Outcome } from "./outcome.js";
import type { Target } from "./runtime.js";
import type { ServiceState } from "./state.js";

/** Whether the circuit breaker of a target lets a request through now. */
export function isCircuitOpen(target: Target | undefined, now: () => number): boolean {
  const rule = target?.plan.breaker;
  if (rule === undefined || target === undefined) return false;
  const { breaker } = target.pool.service;
  return breaker.phase !== "closed" && breakerAnswer(rule, breaker, now()) === "refuse";
}

/** After what time a request may come again that an open circuit refused. Unit: milliseconds; 0 when nobody knows. */
export function circuitRetryAfter({ pool }: Target, now: number): number {
  return retryAfterOf(pool.service.breaker, now);
}

/** Most requests that may be under way at a service before one of a priority is refused; `Infinity` without a limit. */
export function placesFor({ shedShares }: Plan, { plan, pool }: Target, priority: number): number {
  const limit = limitNow(plan, pool.service);
  if (limit === 0) return Number.POSITIVE_INFINITY;
  return placesOf(limit, shedShares.get(plan.name)?.get(priority) ?? 1);
}

/** Whether a target takes a request of a priority more: its circuit lets it through, and its service has a place. */
export function takesMore(
  plan: Plan,
  target: Target | undefined,
  priority: number,
  now: () => number,
): target is Target {
  if (target === undefined || isCircuitOpen(target, now)) return false;
  return target.pool.service.load.inFlight < placesFor(plan, target, priority);
}

/** Whether all places of a service are taken, those for requests of the highest priority included. */
export function isFull({ plan, pool }: Target): boolean {
  const limit = limitNow(plan, pool.service);
  return limit > 0 && pool.service.load.inFlight >= limit;
}

function limitNow({ limits: { requests, adaptive } }: ServicePlan, service: ServiceState): number {
  if (adaptive === undefined) return requests;
  const state = service.concurrency;
  const limit = state === undefined ? firstLimitOf(adaptive) : limitOf(adaptive, state);
  return requests === 0 ? limit : Math.min(requests, limit);
}

/** A call begins. Answers the period of the breaker that it belongs to; 0 where there is none. */
export function beginCall(
  plan: ServicePlan,
  service: ServiceState,
  now: number,
  announce: Announce,
): number {
  const rule = plan.breaker;
  if (rule === undefined) return 0;
  const phase = settleBreaker(service.breaker, now);
  if (phase !== undefined) announce({ kind: "breaker", service: service.name, phase });
  return startCall(rule, service.breaker, now);
}

/** A call that has come to something: a head, a whole response, or a failure. */
export interface JudgedCall {
  readonly period: number;
  readonly outcome: Outcome;
  /** Longest time of the attempt; 0 for none. Unit: milliseconds. */
  readonly attemptMs: number;
}

/** The breaker and the adaptive limit learn from a call. */
export function endCall(
  plan: ServicePlan,
  service: ServiceState,
  { period, outcome, attemptMs }: JudgedCall,
  draw: () => number,
  now: number,
  announce: Announce,
): void {
  const durationMs = durationOf(outcome, attemptMs);
  if (plan.breaker !== undefined) {
    const grade = gradeOf(outcome);
    const isFailure = grade === "connect-failure" || grade === "gateway-failure";
    const call = { period, isFailure, durationMs };
    tellPhase(service, countCall(plan.breaker, service.breaker, call, now), announce);
  }
  const { adaptive } = plan.limits;
  if (adaptive === undefined || durationMs === 0) return;
  service.concurrency ??= newConcurrencyState(adaptive);
  observeCall(adaptive, service.concurrency, durationMs, service.load.inFlight, draw, now);
}

/** A call that was judged by its head came to no whole response. */
export function breakCall(
  plan: ServicePlan,
  service: ServiceState,
  period: number,
  now: number,
  announce: Announce,
): void {
  if (plan.breaker === undefined) return;
  tellPhase(service, failCounted(plan.breaker, service.breaker, period, now), announce);
}

function tellPhase(
  service: ServiceState,
  phase: BreakerPhase | undefined,
  announce: Announce,
): void {
  if (phase === undefined) return;
  service.dueAt = Math.min(service.dueAt, service.breaker.openUntil);
  announce({ kind: "breaker", service: service.name, phase });
}

/** A call ended and says nothing, because the client left. */
export function forgetCall(service: ServiceState, period: number): void {
  cancelCall(service.breaker, period);
}

// What failed fast tells nothing of how long an answer takes.
function durationOf(outcome: Outcome, attemptMs: number): number {
  if (outcome.kind === "head") return outcome.headMs;
  if (outcome.kind === "response") return outcome.status === 101 ? 0 : outcome.totalMs;
  return outcome.kind === "failure" && outcome.cause === "timeout" ? attemptMs : 0;
}
