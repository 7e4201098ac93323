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
export function badRequest(detail: string, status = 400): RejectDecision {
  const headers = { connection: "close" };
  return { kind: "reject", status, headers, reason: "bad-request", detail };
}

/** The time of the whole request is up before an instance was asked. */
export function tooLate(requestMs: number, route: string | undefined): RejectDecision {
  const detail = `not begun within the ${requestMs} ms of the request`;
  const base = { kind: "reject", status: 504, headers: {}, reason: "timeout", detail } as const;
  return route === undefined ? base : { ...base, route };
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
