import type { AnsweringDecision, RejectDecision } from "@signalbox/core";

/** The proxy takes nothing new. */
export const CLOSING: RejectDecision = {
  kind: "reject",
  status: 503,
  headers: { "retry-after": "1" },
  reason: "overloaded",
  detail: "the proxy is closing",
};

const thrown = new WeakMap<object, Error>();

/** A decision that could not be made: a clock, a random source, a balancer, a condition or a policy of the user's threw. */
export function internal(error: unknown): RejectDecision {
  const { message } = error instanceof Error ? error : { message: String(error) };
  const base = { kind: "reject", status: 500, headers: {}, reason: "internal" } as const;
  const refusal = { ...base, detail: message };
  thrown.set(refusal, error instanceof Error ? error : new Error(message));
  return refusal;
}

/** What is wrong with the program behind a decision; undefined where it is about the request. */
export function programError(decision: AnsweringDecision): Error | undefined {
  if (decision.kind !== "reject" || decision.reason !== "internal") return undefined;
  return thrown.get(decision) ?? new Error(decision.detail);
}

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
