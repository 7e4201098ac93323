import type { InstanceConfig } from "@signalbox/core";
import type { WatchInstances } from "./source.js";
import { checkTime, systemTimers, type Timers } from "./timers.js";

/** When a name is asked for again. */
export interface RefreshOptions {
  /**
   * A name is not asked for again before, however short its TTL; after an empty answer this is when. Unit: milliseconds. Default:
   * 5 000. Error: RangeError unless at least 1.
   */
  readonly minRefreshMs?: number;
  /**
   * A name is asked for again by then, however long its TTL. Unit: milliseconds. Default: 60 000. Error: RangeError unless at
   * least `minRefreshMs`.
   */
  readonly maxRefreshMs?: number;
  /** Default: those of Node. */
  readonly timers?: Timers;
}

/** What an answer comes to. */
export interface Answer {
  readonly instances: readonly InstanceConfig[];
  /** How long it holds, in seconds; undefined where nothing says so. */
  readonly ttlS: number | undefined;
}

/**
 * A source that asks, waits for as long as the answer holds, and asks again. A question that fails is a failure of the run.
 *
 * @param ask rejects when the signal aborts, or soon after
 */
export function refreshing(
  ask: (signal: AbortSignal) => Promise<Answer>,
  options: RefreshOptions,
): WatchInstances {
  const { minRefreshMs = 5000, timers = systemTimers } = options;
  const { maxRefreshMs = Math.max(60_000, minRefreshMs) } = options;
  checkTime("minRefreshMs", minRefreshMs, 1);
  checkTime("maxRefreshMs", maxRefreshMs, minRefreshMs);
  return (found, failed) => {
    const controller = new AbortController();
    const { signal } = controller;
    let cancel = (): void => {};
    async function refresh(): Promise<void> {
      try {
        const { instances, ttlS = 0 } = await ask(signal);
        found(instances);
        const delayMs = Math.min(Math.max(ttlS * 1000, minRefreshMs), maxRefreshMs);
        if (!signal.aborted) cancel = timers.after(delayMs, () => void refresh());
      } catch (error) {
        failed(error);
      }
    }
    void refresh();
    return () => {
      controller.abort();
      cancel();
    };
  };
}
