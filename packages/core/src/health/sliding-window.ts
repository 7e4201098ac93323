/** How many calls there were, and what they came to. */
export interface CallCounts {
  calls: number;
  failures: number;
  /** A call may be slow and a failure. */
  slow: number;
}

/** Counts of the calls of the last while, in a ring of ten buckets. Plain data; counting allocates nothing. */
export interface SlidingWindow {
  /** When the running bucket began. Unit: milliseconds of the gateway's clock. */
  bucketStart: number;
  /** Index of the running bucket. */
  bucket: number;
  readonly calls: number[];
  readonly failures: number[];
  readonly slow: number[];
}

/** The window moves on by a tenth of its length. Source: Netflix Hystrix, `metrics.rollingStats.numBuckets`. */
const BUCKETS = 10;

/** A window without calls. */
export function newSlidingWindow(): SlidingWindow {
  return {
    bucketStart: 0,
    bucket: 0,
    calls: new Array<number>(BUCKETS).fill(0),
    failures: new Array<number>(BUCKETS).fill(0),
    slow: new Array<number>(BUCKETS).fill(0),
  };
}

/**
 * Takes one call into the window, in place.
 *
 * @param windowMs length of the window; unit: milliseconds. Another one than before holds from now on
 */
export function addCall(
  window: SlidingWindow,
  windowMs: number,
  isFailure: boolean,
  isSlow: boolean,
  now: number,
): void {
  moveOn(window, windowMs / BUCKETS, now);
  const { bucket, calls, failures, slow } = window;
  calls[bucket] = (calls[bucket] as number) + 1;
  if (isFailure) failures[bucket] = (failures[bucket] as number) + 1;
  if (isSlow) slow[bucket] = (slow[bucket] as number) + 1;
}

/** Takes in, in place, that a call which was counted before has failed after all. */
export function addFailure(window: SlidingWindow, windowMs: number, now: number): void {
  moveOn(window, windowMs / BUCKETS, now);
  const { bucket, failures } = window;
  failures[bucket] = (failures[bucket] as number) + 1;
}

/** Writes into `sum` what the last `windowMs` came to, the running bucket included. Leaves the window as it is. */
export function sumCalls(
  window: SlidingWindow,
  windowMs: number,
  sum: CallCounts,
  now: number,
): void {
  sum.calls = 0;
  sum.failures = 0;
  sum.slow = 0;
  const kept = BUCKETS - bucketsPassed(window, windowMs / BUCKETS, now);
  for (let back = 0; back < kept; back++) {
    const at = (window.bucket - back + BUCKETS) % BUCKETS;
    sum.calls += window.calls[at] as number;
    sum.failures += window.failures[at] as number;
    sum.slow += window.slow[at] as number;
  }
}

/** Forgets all calls, in place. */
export function clearSlidingWindow(window: SlidingWindow): void {
  window.calls.fill(0);
  window.failures.fill(0);
  window.slow.fill(0);
}

function moveOn(window: SlidingWindow, bucketMs: number, now: number): void {
  const passed = bucketsPassed(window, bucketMs, now);
  if (passed === 0) return;
  for (let moved = 0; moved < passed && moved < BUCKETS; moved++) {
    window.bucket = (window.bucket + 1) % BUCKETS;
    window.calls[window.bucket] = 0;
    window.failures[window.bucket] = 0;
    window.slow[window.bucket] = 0;
  }
  window.bucketStart += passed * bucketMs;
}

function bucketsPassed({ bucketStart }: SlidingWindow, bucketMs: number, now: number): number {
  return Math.max(0, Math.floor((now - bucketStart) / bucketMs));
}
