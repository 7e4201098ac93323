import type { RejectDecision } from "@signalbox/core";

/** The proxy takes nothing new. */
export const CLOSING: RejectDecision = {
  kind: "reject",
  status: 503,
  headers: { "retry-after": "1" },
  reason: "overloaded",
  detail: "the proxy is closing",
};

/** A request that is malformed in a way that routing does not see. Its connection is closed behind the answer. */
export function badRequest(detail: string): RejectDecision {
  const headers = { connection: "close" };
  return { kind: "reject", status: 400, headers, reason: "bad-request", detail };
}

/** No room for one more. */
export function overloaded(route: string, detail: string): RejectDecision {
  return {
    kind: "reject",
    route,
    status: 503,
    headers: { "retry-after": "1" },
    reason: "overloaded",
    detail,
    retryAfterMs: 1_000,
  };
}
