import type { Outcome } from "../outcome.js";
import { isGatewayFailure } from "./outlier.js";

/**
 * What an outcome says about the instance. `connect-failure`: nobody took the connection. `gateway-failure`: connected, but no
 * whole response, or 502, 503, 504. `server-error`: another 5xx. `answer`: any other response, 4xx included. `nothing`: the
 * client left or sent nonsense.
 */
export type Grade = "connect-failure" | "gateway-failure" | "server-error" | "answer" | "nothing";

/**
 * What an outcome says about the instance. Client faults (4xx, cancelled) never count against it.
 *
 * Source: Envoy, outlier detection: gateway failures (502, 503, 504), failures of local origin, and the other 5xx.
 */
export function gradeOf(outcome: Outcome): Grade {
  if (outcome.kind === "cancelled") return "nothing";
  if (outcome.kind === "failure")
    return outcome.stage === "connect" ? "connect-failure" : "gateway-failure";
  if (isGatewayFailure(outcome.status)) return "gateway-failure";
  return isServerError(outcome.status) ? "server-error" : "answer";
}

/**
 * How long the instance took to answer; undefined where the outcome does not tell. Errors do not: a fast one makes an instance
 * no faster, and the time until a 408 is that of the client. A response whose head was not reported is timed to its last byte.
 *
 * Unit: milliseconds.
 *
 * Source: own.
 */
export function latencyOf(outcome: Outcome): number | undefined {
  if (outcome.kind === "head") return outcome.status < 400 ? outcome.headMs : undefined;
  if (outcome.kind !== "response" || outcome.status >= 400) return undefined;
  // The time of an upgraded connection is that of the conversation.
  return outcome.status === 101 ? undefined : outcome.totalMs;
}

// 501 and 505 answer a method or a protocol version that the client made up.
function isServerError(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}
