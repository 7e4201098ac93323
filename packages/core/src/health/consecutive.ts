import type { Outcome } from "../outcome.js";
import type { EjectionReason } from "./ejection-reason.js";
import { gradeOf } from "./grade.js";

/** Failures of an instance in a row, of two kinds. */
export interface ConsecutiveCounts {
  /** No connection, no whole response, or 502, 503, 504. Any other response ends the row. */
  consecutiveFailures: number;
  /** No connection. Whatever shows that there was one ends the row. */
  consecutiveConnectFailures: number;
}

/** How many failures in a row eject; 0 switches a rule off. */
export interface ConsecutiveRule {
  readonly consecutiveFailures: number;
  readonly consecutiveConnectFailures: number;
}

/**
 * Takes an outcome into the rows, in place. A connect failure counts to both; a failure behind the connection counts to the first
 * and ends the second; what the client did leaves both as they are. One attempt is counted once.
 *
 * Source: Envoy, outlier detection, consecutive gateway failure and consecutive local origin failure.
 */
export function countConsecutive(counts: ConsecutiveCounts, outcome: Outcome): void {
  const grade = gradeOf(outcome);
  if (grade === "nothing") return;
  if (grade === "connect-failure") {
    counts.consecutiveFailures++;
    counts.consecutiveConnectFailures++;
    return;
  }
  counts.consecutiveConnectFailures = 0;
  if (grade === "gateway-failure") counts.consecutiveFailures++;
  else counts.consecutiveFailures = 0;
}

/**
 * The row that is long enough to eject; undefined when none is.
 *
 * @param factor how many times longer than configured a row has to be. Default: 1
 */
export function consecutiveReason(
  rule: ConsecutiveRule,
  counts: ConsecutiveCounts,
  factor = 1,
): EjectionReason | undefined {
  const most = rule.consecutiveFailures && Math.ceil(rule.consecutiveFailures * factor);
  const mostConnect =
    rule.consecutiveConnectFailures && Math.ceil(rule.consecutiveConnectFailures * factor);
  const { consecutiveFailures, consecutiveConnectFailures } = counts;
  // The narrower reason says more.
  if (mostConnect > 0 && consecutiveConnectFailures >= mostConnect)
    return reason("consecutive-connect-failures", consecutiveConnectFailures, mostConnect);
  if (most > 0 && consecutiveFailures >= most)
    return reason("consecutive-failures", consecutiveFailures, most);
  return undefined;
}

function reason(
  kind: "consecutive-failures" | "consecutive-connect-failures",
  failures: number,
  threshold: number,
): EjectionReason {
  return { kind, failures, threshold };
}
