import type { Timeouts } from "@signalbox/core";

/**
 * How long an attempt may wait for the answer to an upgrade. Until the tunnel is open all limits hold; an open one
 * has no limit but of its silence.
 *
 * @param elapsedMs since the request came
 * @returns milliseconds; 0 for no limit
 */
export function patienceOf(
  { requestMs, attemptMs, headMs, idleMs }: Timeouts,
  elapsedMs: number,
): number {
  const remainingMs = requestMs > 0 ? Math.max(1, requestMs - elapsedMs) : 0;
  const limits = [attemptMs, headMs, idleMs, remainingMs].filter((ms) => ms > 0);
  return limits.length === 0 ? 0 : Math.min(...limits);
}
