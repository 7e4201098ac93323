import type { Outcome } from "../outcome.js";
import { gradeOf, latencyOf } from "./grade.js";

/** What an instance did in the running interval. All numbers, so that counting allocates nothing. */
export interface WindowCounts {
  /** Attempts that it answered or failed. */
  answers: number;
  /** Those without connection, without a whole response, or with 502, 503, 504. */
  gatewayFailures: number;
  /** Those with another 5xx, but for 501 and 505. */
  serverErrors: number;
  /** Answers whose latency is known. */
  latencies: number;
  /** Sum of the natural logarithms of these latencies in milliseconds. */
  latencyLogSum: number;
}

/** Latencies below count as this one: nobody is an outlier by fractions of a millisecond. */
const LEAST_LATENCY_MS = 1;

/** The counts at the start of an interval. */
export function newWindowCounts(): WindowCounts {
  return { answers: 0, gatewayFailures: 0, serverErrors: 0, latencies: 0, latencyLogSum: 0 };
}

/** Starts an interval, in place. */
export function clearWindowCounts(counts: WindowCounts): void {
  counts.answers = 0;
  counts.gatewayFailures = 0;
  counts.serverErrors = 0;
  counts.latencies = 0;
  counts.latencyLogSum = 0;
}

/**
 * Takes an outcome into the counts, in place. Client faults (4xx, cancelled) never count against the instance.
 *
 * @param isJudged whether the head of the same attempt was taken in before: then only a failure of what followed adds something
 *
 * Sources: Envoy, outlier detection, success rate, which counts by intervals as well; latencies are own.
 */
export function countInWindow(counts: WindowCounts, outcome: Outcome, isJudged = false): void {
  if (isJudged && outcome.kind !== "failure") return;
  const grade = gradeOf(outcome);
  if (grade === "nothing") return;
  if (!isJudged) counts.answers++;
  if (grade === "connect-failure" || grade === "gateway-failure") counts.gatewayFailures++;
  else if (grade === "server-error") counts.serverErrors++;
  const latencyMs = latencyOf(outcome);
  if (latencyMs === undefined) return;
  counts.latencies++;
  counts.latencyLogSum += Math.log(Math.max(latencyMs, LEAST_LATENCY_MS));
}

/** Share of the attempts that failed, in [0, 1]; 0 where there were none. */
export function failureRatioOf(counts: WindowCounts, countServerErrors: boolean): number {
  const { answers } = counts;
  // An attempt whose head came in the interval before may fail in this one.
  return answers === 0 ? 0 : Math.min(failuresOf(counts, countServerErrors) / answers, 1);
}

/** Attempts that failed. */
export function failuresOf(counts: WindowCounts, countServerErrors: boolean): number {
  return counts.gatewayFailures + (countServerErrors ? counts.serverErrors : 0);
}

/**
 * Logarithm of the geometric mean of the latencies in milliseconds; 0 where none is known. Latencies are about log-normal, and of
 * such numbers this mean is the median: one request of a minute does not move it.
 *
 * Source: E. Limpert, W. Stahel and M. Abbt, "Log-normal distributions across the sciences", 2001, for the mean of such numbers.
 */
export function latencyLogOf({ latencies, latencyLogSum }: WindowCounts): number {
  return latencies === 0 ? 0 : latencyLogSum / latencies;
}
