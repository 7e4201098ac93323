import type { Balancer, Candidate } from "./balancer.js";
import { checkDraws } from "./least-request.js";
import { prepareShares, shareIndex, type Shares } from "./shares.js";

/** How `peakEwmaWith` compares candidates. */
export interface PeakEwmaOptions {
  /**
   * Candidates drawn for a pick.
   *
   * Default: 2. Error: RangeError unless a whole number from 2.
   */
  readonly draws?: number;
  /**
   * Time in which a latency falls to 1/e (37 %) while nothing new is known.
   *
   * Unit: milliseconds. Default: 10 000. Error: RangeError unless a finite number above 0.
   * Source: Finagle, `decayTime`.
   */
  readonly decayMs?: number;
}

/** What `observeLatency` changes. */
export interface LatencyState {
  /** Smoothed time until answers; 0 when nothing is known. Unit: milliseconds. */
  latencyMs: number;
  /** When it was worked out. Unit: milliseconds of the gateway's clock. */
  latencyAt: number;
}

/** Latency of a candidate that has requests and never answered. Unit: milliseconds. Source: Finagle, its penalty of 2^47 ns. */
const PENALTY_MS = 2 ** 47 / 1e6;

/**
 * The cheaper of two candidates drawn at random by weight; a tie goes to the first drawn. The cost is the latency, which falls while
 * nothing new is known, times the requests under way with this one, for each unit of weight. A candidate of which nothing is known costs
 * nothing while it has no requests, and more than any other until it has answered the first.
 *
 * Sources: Twitter Finagle, Peak EWMA (`p2cPeakEwma`); Linkerd, tower `PeakEwma`.
 */
export const peakEwma: Balancer = peakEwmaWith();

/**
 * `peakEwma` with another number of draws or another decay.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * const balancer = peakEwmaWith({ decayMs: 5_000 });
 */
export function peakEwmaWith({ draws = 2, decayMs = 10_000 }: PeakEwmaOptions = {}): Balancer {
  checkDraws(draws);
  if (!Number.isFinite(decayMs) || decayMs <= 0)
    throw new RangeError(`decayMs: expected a finite number > 0, got ${String(decayMs)}`);
  return {
    name: "peak-ewma",
    usesTime: true,
    latencyDecayMs: decayMs,
    prepare: prepareShares,
    pick: ({ candidates, draw, now, prepared }) => {
      const count = candidates.length;
      const shares = (prepared as Shares | undefined) ?? prepareShares(candidates);
      let best = shareIndex(shares, count, draw());
      let least = costOf(candidates[best] as Candidate, now, decayMs);
      for (let drawn = 1; drawn < draws; drawn++) {
        const index = shareIndex(shares, count, draw());
        const cost = costOf(candidates[index] as Candidate, now, decayMs);
        if (cost >= least) continue;
        best = index;
        least = cost;
      }
      return best;
    },
  };
}

/**
 * Takes the latency of one answer into the state, in place: a peak is taken over at once, a lower one counts
 * the more the more time has passed since the last.
 *
 * @param sampleMs time until the answer; unit: milliseconds
 * @param decayMs time in which the old latency comes to count 1/e; unit: milliseconds
 *
 * Source: Twitter Finagle, Peak EWMA.
 */
export function observeLatency(
  state: LatencyState,
  sampleMs: number,
  now: number,
  decayMs: number,
): void {
  const { latencyMs, latencyAt } = state;
  state.latencyMs =
    sampleMs > latencyMs
      ? sampleMs
      : sampleMs + (latencyMs - sampleMs) * decay(now - latencyAt, decayMs);
  state.latencyAt = now;
}

function costOf(
  { latencyMs = 0, latencyAt = 0, inFlight, weight }: Candidate,
  now: number,
  decayMs: number,
): number {
  let latency = latencyMs * decay(now - latencyAt, decayMs);
  if (latency === 0 && inFlight > 0) latency = PENALTY_MS;
  return (latency * (inFlight + 1)) / weight;
}

function decay(passedMs: number, decayMs: number): number {
  return Math.exp(-Math.max(passedMs, 0) / decayMs);
}
