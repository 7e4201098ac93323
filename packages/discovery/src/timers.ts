import { performance } from "node:perf_hooks";

/** Time, as discovery sees it. For tests: everything else uses `systemTimers`. */
export interface Timers {
  /** Milliseconds since any moment; they only grow. */
  now(): number;
  /**
   * Calls back once, after a time in milliseconds.
   *
   * @param holds whether the process lives on until then. Default: false
   * @returns what takes the call back
   */
  after(delayMs: number, callback: () => void, holds?: boolean): () => void;
}

/** The monotonic clock and the timers of Node. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after(delayMs, callback, holds = false) {
    const timer = setTimeout(callback, delayMs);
    if (!holds) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What a timer of Node counts to; a longer time would end at once. */
const LONGEST_MS = 2_147_483_647;

/** @throws RangeError for a time that no timer counts to */
export function checkTime(name: string, value: number, least = 0): void {
  if (value >= least && value <= LONGEST_MS) return;
  throw new RangeError(
    `${name}: expected a number from ${least} to ${LONGEST_MS}, got ${String(value)}`,
  );
}
