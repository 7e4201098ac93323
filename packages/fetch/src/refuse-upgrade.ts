import { buildClientResponse, type RejectDecision, type RequestView } from "@signalbox/core";
import { errorAnswer, type ProxyOptions } from "@signalbox/proxy";
import { headersOf, plainResponse } from "./web-response.js";

const REFUSAL: RejectDecision = {
  kind: "reject",
  status: 501,
  headers: {},
  reason: "bad-request",
  detail: "a Request cannot be upgraded",
};

/**
 * Answers a request for a websocket. Serving it as if it had not asked would lead clients to an instance that can only
 * refuse it, for a reason that is not its own.
 *
 * Source: RFC 9110 section 15.6.2 (501).
 */
export function refuseUpgrade(view: RequestView, { onError, onEnd }: ProxyOptions): Response {
  const { status, headers: own } = buildClientResponse(REFUSAL, undefined, view);
  const answer = errorAnswer({ view, status, reject: REFUSAL }, own, onError);
  const headers = headersOf(answer.status, answer.headers);
  const response =
    headers === undefined
      ? plainResponse(501)
      : new Response(new Uint8Array(Buffer.from(answer.body)), { status: answer.status, headers });
  const end = { view, decision: REFUSAL, status: response.status, isComplete: true };
  tell(() => onEnd?.({ ...end, attempts: 0, durationMs: 0, failed: [] }));
  return response;
}

// A hook that only listens must not take a request with it.
function tell(hook: () => unknown): void {
  try {
    Promise.resolve(hook()).catch(ignore);
  } catch {
    return;
  }
}

function ignore(): void {}
