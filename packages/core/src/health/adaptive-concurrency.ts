/** How the concurrency limit of a service follows what the service bears. */
export interface ConcurrencyRule {
  /**
   * The limit never falls below this one.
   *
   * Default: 3. Source: Envoy, adaptive concurrency, `min_concurrency`.
   */
  readonly minLimit: number;
  /**
   * The limit never rises above this one.
   *
   * Default: 1 000. Source: Envoy, `max_concurrency_limit`.
   */
  readonly maxLimit: number;
  /**
   * The limit while nothing is known.
   *
   * Default: 20. Source: Netflix concurrency-limits, `initialLimit`. Envoy starts at `min_concurrency`, and so refuses most of the
   * first requests of a busy service.
   */
  readonly initialLimit: number;
  /**
   * Shortest time between two changes of the limit.
   *
   * Unit: milliseconds. Default: 100. Source: Envoy, `concurrency_update_interval`.
   */
  readonly updateMs: number;
  /**
   * How much slower than at best the service may answer before the limit falls, as a share.
   *
   * Default: 0.25. Source: Envoy, `min_rtt_calc_params.buffer`.
   */
  readonly bufferRatio: number;
  /**
   * After what time of answers slower than that the best latency is measured anew; up to 15 % later, so that not all gateways measure
   * at once.
   *
   * Unit: milliseconds. Default: 30 000. Source: Envoy, `min_rtt_calc_params.interval` and `.jitter`.
   */
  readonly measureIntervalMs: number;
  /**
   * Calls of which the best latency is measured.
   *
   * Default: 50. Source: Envoy, `min_rtt_calc_params.request_count`.
   */
  readonly measureCalls: number;
}

/** The rule where nothing else is said. */
export const CONCURRENCY_DEFAULTS: ConcurrencyRule = Object.freeze({
  minLimit: 3,
  maxLimit: 1_000,
  initialLimit: 20,
  updateMs: 100,
  bufferRatio: 0.25,
  measureIntervalMs: 30_000,
  measureCalls: 50,
});

/** What traffic changes about the adaptive limit of one service. Plain data. */
export interface ConcurrencyState {
  /** Not rounded. */
  limit: number;
  /** Geometric mean of latencies at a load that makes no request wait; 0 while it is not known. Unit: milliseconds. */
  minRttMs: number;
  /** Geometric mean of latencies of late, smoothed; 0 while it is not known. Unit: milliseconds. */
  rttMs: number;
  /** Whether the limit is lowered to measure `minRttMs`. */
  isMeasuring: boolean;
  /** The limit when `minRttMs` was measured. */
  measuredLimit: number;
  /** When `minRttMs` was last measured or reached. Unit: milliseconds of the gateway's clock. */
  reachedAt: number;
  /** How long after that it is measured anew. Unit: milliseconds. */
  intervalMs: number;
  /** From when on calls that end are of the running sample. Unit: milliseconds of the gateway's clock. */
  sampleFrom: number;
  /** Calls of the running sample. */
  calls: number;
  /** Sum of their latencies. Unit: milliseconds. */
  rttSum: number;
  /** Sum of the natural logarithms of their latencies in milliseconds. */
  logSum: number;
  /** Most requests under way when one of them ended. */
  mostInFlight: number;
}

/** The limit before anything is known. */
export function firstLimitOf({ initialLimit, minLimit, maxLimit }: ConcurrencyRule): number {
  return Math.min(Math.max(initialLimit, minLimit), maxLimit);
}

/** Fewer calls make no sample. Source: Netflix concurrency-limits, `WindowedLimit`, `windowSize`. */
const SAMPLE_CALLS = 10;
/** Share of the limit while the best latency is measured: the limit is at most 2.5 times what the service bears, so this is less than that. */
const MEASURED_SHARE = 1 / 3;
/** Bounds of the gradient. Source: Envoy, gradient controller. */
const MIN_GRADIENT = 0.5;
const MAX_GRADIENT = 2;
/** Source: Envoy, `min_rtt_calc_params.jitter`. */
const JITTER_RATIO = 0.15;
/** Where calls are slow the pause between two measurements is this many times as long as one takes. */
const PAUSE_FACTOR = 9;
/** Faster calls count as this one: clocks are not finer. Unit: milliseconds. */
const LEAST_RTT_MS = 0.1;

/** The state before the first call. It begins with a measurement, for which the limit is not lowered. */
export function newConcurrencyState(rule: ConcurrencyRule): ConcurrencyState {
  return {
    limit: firstLimitOf(rule),
    minRttMs: 0,
    rttMs: 0,
    isMeasuring: true,
    measuredLimit: 0,
    reachedAt: 0,
    intervalMs: 0,
    sampleFrom: 0,
    calls: 0,
    rttSum: 0,
    logSum: 0,
    mostInFlight: 0,
  };
}

/** Most requests that may be under way now: a whole number. */
export function limitOf({ minLimit, maxLimit }: ConcurrencyRule, state: ConcurrencyState): number {
  const { limit, isMeasuring, minRttMs } = state;
  const wanted = isMeasuring && minRttMs > 0 ? limit * MEASURED_SHARE : limit;
  return Math.floor(Math.min(Math.max(wanted, minLimit), maxLimit));
}

/**
 * Takes the latency of a call that has ended into the state, in place.
 *
 * After each sample, limit = limit x gradient + sqrt(limit), where gradient = (1 + buffer) x best latency / latency of the sample: the
 * limit falls as soon as requests wait behind each other, and where they do not it grows. Only a limit of which half is used moves.
 *
 * A sample begins once the calls of the limit before it have ended, and ends with a call: so there is no timer, and slow services are
 * given time. The best latency is measured at a third of the limit, but only after it was not reached by itself for an interval, or
 * when the limit has halved since: a service that answers as fast as it can is not held back. It is measured, and not taken from a long
 * average as in Netflix's Gradient2, because under a lasting overload such an average rises with the queue, and the limit with it.
 * Geometric means stand for Envoy's medians: they need no list of latencies, and one very slow call moves them little.
 *
 * @param rttMs latency of a call that was answered, or that timed out after that time; one that failed fast tells nothing. Unit: milliseconds
 * @param inFlight requests under way at the service when it ended, itself included
 * @param draw a number in [0, 1) for the jitter; asked for once a measurement
 *
 * Sources: Envoy, adaptive concurrency filter, gradient controller; Netflix concurrency-limits, `Gradient2Limit`, for the half that
 * must be used; N. Cardwell and others, "BBR: congestion-based congestion control", 2016, for a minimum that is measured only when it
 * was not reached by itself.
 */
export function observeCall(
  rule: ConcurrencyRule,
  state: ConcurrencyState,
  rttMs: number,
  inFlight: number,
  draw: () => number,
  now: number,
): void {
  // One value that is no number would spoil every sum that follows.
  if (now < state.sampleFrom || !Number.isFinite(rttMs)) return;
  state.calls++;
  state.rttSum += rttMs;
  state.logSum += Math.log(Math.max(rttMs, LEAST_RTT_MS));
  if (inFlight > state.mostInFlight) state.mostInFlight = inFlight;
  if (state.isMeasuring) {
    if (state.calls >= rule.measureCalls) endMeasurement(rule, state, draw(), now);
  } else if (state.calls >= SAMPLE_CALLS && now >= state.sampleFrom + rule.updateMs) {
    endSample(rule, state, now);
  }
}

function endSample(rule: ConcurrencyRule, state: ConcurrencyState, now: number): void {
  const sampleMs = sampleOf(state);
  // A short sample counts less, because chance rules it.
  state.rttMs *= (sampleMs / state.rttMs) ** (state.calls / (state.calls + rule.measureCalls));
  const bearable = 1 + rule.bufferRatio;
  if (state.rttMs < state.minRttMs / bearable) state.minRttMs = state.rttMs;
  if (state.rttMs <= state.minRttMs * bearable) state.reachedAt = now;
  if (state.mostInFlight * 2 >= state.limit) moveLimit(rule, state, sampleMs);
  const isDue = now - state.reachedAt >= state.intervalMs || state.limit * 2 < state.measuredLimit;
  state.isMeasuring = isDue;
  beginSample(state, now + (isDue ? 2 : 1) * turnoverOf(state));
}

function moveLimit(rule: ConcurrencyRule, state: ConcurrencyState, sampleMs: number): void {
  const ratio = (state.minRttMs * (1 + rule.bufferRatio)) / sampleMs;
  const gradient = Math.min(Math.max(ratio, MIN_GRADIENT), MAX_GRADIENT);
  const moved = state.limit * gradient + Math.sqrt(state.limit);
  state.limit = Math.min(Math.max(moved, rule.minLimit), rule.maxLimit);
}

function endMeasurement(
  rule: ConcurrencyRule,
  state: ConcurrencyState,
  jitter: number,
  now: number,
): void {
  const { measureIntervalMs, measureCalls } = rule;
  const sampleMs = sampleOf(state);
  const turnoverMs = turnoverOf(state);
  // What a measurement takes while the calls come as fast as the limit lets them.
  const tookMs = turnoverMs * (2 + measureCalls / limitOf(rule, state));
  state.minRttMs = sampleMs;
  state.rttMs = sampleMs;
  state.isMeasuring = false;
  state.measuredLimit = state.limit;
  state.reachedAt = now;
  state.intervalMs = Math.max(
    measureIntervalMs * (1 + JITTER_RATIO * jitter),
    PAUSE_FACTOR * tookMs,
  );
  beginSample(state, now + turnoverMs);
}

function sampleOf({ logSum, calls }: ConcurrencyState): number {
  return Math.exp(logSum / calls);
}

/** In what time other calls take the places of those under way: by Little's law the mean latency. Unit: milliseconds. */
function turnoverOf({ rttSum, calls }: ConcurrencyState): number {
  return rttSum / calls;
}

function beginSample(state: ConcurrencyState, from: number): void {
  state.sampleFrom = from;
  state.calls = 0;
  state.rttSum = 0;
  state.logSum = 0;
  state.mostInFlight = 0;
}
