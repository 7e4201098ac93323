import {
  addCall,
  addFailure,
  clearSlidingWindow,
  newSlidingWindow,
  sumCalls,
  type CallCounts,
  type SlidingWindow,
} from "./sliding-window.js";

/** When the circuit breaker of a service stops all traffic to it, and how it lets traffic back. */
export interface BreakerRule {
  /**
   * Share of the calls of the window that opens the breaker when they fail, in [0, 1]; 0 switches it off.
   *
   * Default: 0.5. Sources: resilience4j, `failureRateThreshold` (50 %); Hystrix, `errorThresholdPercentage` (50 %).
   */
  readonly failureRatio: number;
  /**
   * Share of the calls of the window that opens the breaker when they are slow, in [0, 1]; 0 switches it off.
   *
   * Default: 0.5. Source: resilience4j, `slowCallRateThreshold`, where it is 100 %: one fast call would hold the breaker closed.
   */
  readonly slowRatio: number;
  /**
   * From how long on a call is slow; 0 switches slow calls off.
   *
   * Unit: milliseconds. Default: 0, because what is slow is for the user to say. Source: resilience4j, `slowCallDurationThreshold`.
   */
  readonly slowMs: number;
  /**
   * Calls that the window must hold before the breaker opens.
   *
   * Default: 20. Source: Hystrix, `requestVolumeThreshold`. resilience4j and Polly: 100, too many for a quiet service.
   */
  readonly minimumCalls: number;
  /**
   * How far the window looks back. It moves on by tenths of its length.
   *
   * Unit: milliseconds. Default: 10 000. Source: Hystrix, `metrics.rollingStats.timeInMilliseconds`.
   */
  readonly windowMs: number;
  /**
   * How long the breaker stays open the first time. It stays twice as long each time that the trials open it again.
   *
   * Unit: milliseconds. Default: 5 000. Sources: Hystrix, `sleepWindowInMilliseconds`; Polly, `BreakDuration`.
   */
  readonly openMs: number;
  /**
   * Longest time that the breaker stays open at a stretch, where it is longer than `openMs`.
   *
   * Unit: milliseconds. Default: 60 000. Source: resilience4j, `waitDurationInOpenState` (60 s).
   */
  readonly maxOpenMs: number;
  /**
   * Trials that decide whether a half-open breaker closes; no more are under way at once.
   *
   * Default: 10. Source: resilience4j, `permittedNumberOfCallsInHalfOpenState`.
   */
  readonly halfOpenCalls: number;
  /**
   * How long trials hold their places. When all are taken and the last began so long ago, the places are given to others;
   * what the late ones come to still counts.
   *
   * Unit: milliseconds. Default: 30 000. resilience4j waits without end, or opens again (`maxWaitDurationInHalfOpenState`).
   */
  readonly trialMs: number;
}

/** The rule where nothing else is said. */
export const BREAKER_DEFAULTS: BreakerRule = Object.freeze({
  failureRatio: 0.5,
  slowRatio: 0.5,
  slowMs: 0,
  minimumCalls: 20,
  windowMs: 10_000,
  openMs: 5_000,
  maxOpenMs: 60_000,
  halfOpenCalls: 10,
  trialMs: 30_000,
});

/** `closed`: traffic flows. `open`: it is stopped. `half-open`: a few calls try whether it may flow again. */
export type BreakerPhase = "closed" | "open" | "half-open";

/** What traffic changes about the breaker of one service. Plain data. */
export interface BreakerState {
  phase: BreakerPhase;
  /** Which calls count: each belongs to the period that it started in, and counts in that one only. From 1 on. */
  period: number;
  /** When the breaker becomes half-open. Unit: milliseconds of the gateway's clock; 0 when it was never open. */
  openUntil: number;
  /** Times that it opened since it was closed. */
  openings: number;
  /** Calls of the closed breaker. */
  readonly window: SlidingWindow;
  /** What was judged last: the window, or the trials that have ended. Right after a change of phase: what it was decided by. */
  readonly judged: CallCounts;
  /** Trials that hold a place while the breaker is half-open. */
  trialsUnderWay: number;
  /** When trials lose their places. Unit: milliseconds of the gateway's clock. */
  trialsUntil: number;
  /** Period of the first trials since the breaker became half-open. */
  firstTrialPeriod: number;
}

/** `allow`: the call may start. `trial`: it may, as one of a few. `refuse`: it may not. */
export type BreakerAnswer = "allow" | "trial" | "refuse";

/** A call that has come to something. */
export interface EndedCall {
  /** What `startCall` answered. */
  readonly period: number;
  readonly isFailure: boolean;
  /** How long it took; 0 when that is not known. Unit: milliseconds. */
  readonly durationMs: number;
}

/** A closed breaker that has seen nothing. */
export function newBreakerState(): BreakerState {
  return {
    phase: "closed",
    period: 1,
    openUntil: 0,
    openings: 0,
    window: newSlidingWindow(),
    judged: { calls: 0, failures: 0, slow: 0 },
    trialsUnderWay: 0,
    trialsUntil: 0,
    firstTrialPeriod: 0,
  };
}

/** The phase as it is now: a breaker is half-open from the end of its open time on, whether or not somebody has looked. */
export function phaseOf({ phase, openUntil }: BreakerState, now: number): BreakerPhase {
  return phase === "open" && now >= openUntil ? "half-open" : phase;
}

/** Whether a call may start now. Changes nothing. */
export function breakerAnswer(rule: BreakerRule, state: BreakerState, now: number): BreakerAnswer {
  if (state.phase === "closed") return "allow";
  if (state.phase === "open") return now >= state.openUntil ? "trial" : "refuse";
  return hasPlace(rule, state, now) ? "trial" : "refuse";
}

/**
 * After what time a refused client may come again: what is left of the open time; 0 when trials are under way, whose end nobody knows.
 *
 * Unit: milliseconds.
 */
export function retryAfterOf({ phase, openUntil }: BreakerState, now: number): number {
  return phase === "open" ? Math.max(0, openUntil - now) : 0;
}

/** When time alone changes the phase; `Infinity` when it does not. Unit: milliseconds of the gateway's clock. */
export function breakerDueAt({ phase, openUntil }: BreakerState): number {
  return phase === "open" ? openUntil : Number.POSITIVE_INFINITY;
}

/** Makes the breaker half-open, in place, when its open time has passed. Answers the new phase; undefined when it stays. */
export function settleBreaker(state: BreakerState, now: number): BreakerPhase | undefined {
  if (state.phase !== "open" || now < state.openUntil) return undefined;
  state.phase = "half-open";
  state.trialsUnderWay = 0;
  state.firstTrialPeriod = ++state.period;
  state.judged.calls = 0;
  state.judged.failures = 0;
  state.judged.slow = 0;
  return "half-open";
}

/**
 * Starts a call, in place: a trial takes its place. `settleBreaker` comes first where changes of the phase are told.
 *
 * @returns the period that the call belongs to, for `countCall` or `cancelCall`; 0 when it may not start. One that starts all the
 * same says nothing
 */
export function startCall(rule: BreakerRule, state: BreakerState, now: number): number {
  if (state.phase === "closed") return state.period;
  settleBreaker(state, now);
  if (state.phase === "open" || !hasPlace(rule, state, now)) return 0;
  if (placesTaken(state, now) === 0 && state.trialsUnderWay > 0) {
    state.trialsUnderWay = 0;
    state.period++;
  }
  state.trialsUnderWay++;
  state.trialsUntil = now + rule.trialMs;
  return state.period;
}

/**
 * Takes in what a call came to, in place; once a call. Only a call that failed or was slow opens the breaker. The trials decide as soon
 * as it is sure on which side of the ratios `halfOpenCalls` of them will be. Calls from before the phase last changed count for nothing.
 *
 * @returns the new phase; undefined when it stays. `state.judged` says by what it was decided
 */
export function countCall(
  rule: BreakerRule,
  state: BreakerState,
  { period, isFailure, durationMs }: EndedCall,
  now: number,
): BreakerPhase | undefined {
  const isSlow = rule.slowMs > 0 && durationMs >= rule.slowMs;
  if (state.phase === "half-open") return countTrial(rule, state, period, isFailure, isSlow, now);
  if (state.phase === "open" || period !== state.period) return undefined;
  addCall(state.window, rule.windowMs, isFailure, isSlow, now);
  return isFailure || isSlow ? judgeWindow(rule, state, now) : undefined;
}

/**
 * Takes in, in place, that a call which was counted by the head of its response came to no whole one; once a call.
 *
 * @returns the new phase; undefined when it stays
 */
export function failCounted(
  rule: BreakerRule,
  state: BreakerState,
  period: number,
  now: number,
): BreakerPhase | undefined {
  const { judged } = state;
  if (state.phase === "half-open") {
    if (period < state.firstTrialPeriod) return undefined;
    judged.failures++;
    const all = Math.max(rule.halfOpenCalls, judged.calls);
    return isTooBad(rule, judged.failures, judged.slow, all) ? open(rule, state, now) : undefined;
  }
  if (state.phase === "open" || period !== state.period) return undefined;
  addFailure(state.window, rule.windowMs, now);
  return judgeWindow(rule, state, now);
}

function judgeWindow(
  rule: BreakerRule,
  state: BreakerState,
  now: number,
): BreakerPhase | undefined {
  const { judged } = state;
  sumCalls(state.window, rule.windowMs, judged, now);
  if (judged.calls < rule.minimumCalls) return undefined;
  const opens = isTooBad(rule, judged.failures, judged.slow, judged.calls);
  return opens ? open(rule, state, now) : undefined;
}

/** Gives back the place of a call that ended and says nothing, because the client left. Changes the state in place. */
export function cancelCall(state: BreakerState, period: number): void {
  if (state.phase !== "half-open" || period !== state.period) return;
  state.trialsUnderWay = Math.max(0, state.trialsUnderWay - 1);
}

function countTrial(
  rule: BreakerRule,
  state: BreakerState,
  period: number,
  isFailure: boolean,
  isSlow: boolean,
  now: number,
): BreakerPhase | undefined {
  if (period < state.firstTrialPeriod) return undefined;
  // One that has lost its place has none to give back.
  cancelCall(state, period);
  const { judged } = state;
  judged.calls++;
  if (isFailure) judged.failures++;
  if (isSlow) judged.slow++;
  const all = Math.max(rule.halfOpenCalls, judged.calls);
  if (isTooBad(rule, judged.failures, judged.slow, all)) return open(rule, state, now);
  const left = all - judged.calls;
  const isSure = !isTooBad(rule, judged.failures + left, judged.slow + left, all);
  return isSure ? close(state) : undefined;
}

function isTooBad(
  { failureRatio, slowRatio, slowMs }: BreakerRule,
  failures: number,
  slow: number,
  calls: number,
): boolean {
  if (failureRatio > 0 && failures / calls >= failureRatio) return true;
  return slowMs > 0 && slowRatio > 0 && slow / calls >= slowRatio;
}

function hasPlace({ halfOpenCalls }: BreakerRule, state: BreakerState, now: number): boolean {
  const taken = placesTaken(state, now);
  // One always: an update may have lowered the number below that of the trials that have ended.
  return taken === 0 || taken + state.judged.calls < halfOpenCalls;
}

function placesTaken({ trialsUnderWay, trialsUntil }: BreakerState, now: number): number {
  return now >= trialsUntil ? 0 : trialsUnderWay;
}

function open(rule: BreakerRule, state: BreakerState, now: number): BreakerPhase {
  const { openMs, maxOpenMs } = rule;
  // 2 ** 30 is beyond every time that is meant: more would come to Infinity, which is no JSON.
  const lengthMs = openMs * 2 ** Math.min(state.openings, 30);
  state.phase = "open";
  state.openings++;
  state.openUntil = now + Math.min(lengthMs, Math.max(openMs, maxOpenMs));
  return "open";
}

function close(state: BreakerState): BreakerPhase {
  state.phase = "closed";
  state.period++;
  state.openings = 0;
  clearSlidingWindow(state.window);
  return "closed";
}
