import { checkTime } from "./timers.js";

/** How long a source that failed is left alone. */
export interface BackoffOptions {
  /** Least pause. Unit: milliseconds. Default: 1 000. Error: RangeError unless at least 1. */
  readonly baseMs?: number;
  /** Longest pause. Unit: milliseconds. Default: 30 000. Error: RangeError unless at least `baseMs`. */
  readonly maxMs?: number;
}

/** Back-off with its defaults filled in. */
export type BackoffRule = Required<BackoffOptions>;

/** @throws RangeError for a bad bound */
export function backoffRule(options: BackoffOptions = {}): BackoffRule {
  const { baseMs = 1000 } = options;
  const { maxMs = Math.max(30_000, baseMs) } = options;
  checkTime("backoff.baseMs", baseMs, 1);
  checkTime("backoff.maxMs", maxMs, baseMs);
  return { baseMs, maxMs };
}

/**
 * The pause after so many failures in a row: uniform between `baseMs` and a bound that doubles with each, up to `maxMs`. All of
 * it is jitter but the floor, so that a fleet that failed together does not come back together.
 *
 * @param failures failures in a row, 1 or more
 * @param draw a number in [0, 1)
 *
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter", full jitter.
 */
export function backoffMs({ baseMs, maxMs }: BackoffRule, failures: number, draw: number): number {
  const bound = Math.min(baseMs * 2 ** failures, maxMs);
  return baseMs + draw * (bound - baseMs);
}
