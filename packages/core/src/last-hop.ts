import { NO_HEADERS, refusalHeaders, reject, withCors } from "./answers.js";
import { actionOf, type ForwardPlan, type Plan } from "./config/plan.js";
import type { RejectDecision, RespondDecision } from "./decision.js";
import type { Alternative } from "./match/table.js";
import type { ParsedRequest } from "./request.js";
import { changedHeaders } from "./rewrite/header-changes.js";
import { countsForwards, maxForwardsOf } from "./rewrite/max-forwards.js";
import { hasVia } from "./rewrite/via.js";

/**
 * The answer to a request that a route would forward and that must not go on: it was here before, or its `Max-Forwards`
 * is used up. Given before any policy sees it: it will not reach what policies guard. Undefined for all others.
 *
 * Source: RFC 9110 sections 7.6.2 and 7.6.3.
 */
export function lastHopAnswer(
  plan: Plan,
  request: ParsedRequest,
  alternative: Alternative,
): RespondDecision | RejectDecision | undefined {
  const action = actionOf(plan, alternative);
  if (action.kind !== "forward") return undefined;
  const { view } = request;
  const via = action.trail?.via;
  if (via !== undefined && hasVia(view, via)) {
    const detail = `the request was here before: its Via names ${via}`;
    return reject(508, "loop", detail, alternative.id, refusalHeaders(action, view));
  }
  if (!countsForwards(view.method) || maxForwardsOf(view) !== 0) return undefined;
  if (view.method === "OPTIONS") return optionsAnswer(action, alternative.id, request);
  const methods = plan.table.allowedMethods(request).filter((method) => method !== "TRACE");
  const headers = { ...refusalHeaders(action, view), allow: methods.join(", ") };
  const detail = "its Max-Forwards is used up, and TRACE is not answered here";
  return reject(405, "method-not-allowed", detail, alternative.id, Object.freeze(headers));
}

function optionsAnswer(
  action: ForwardPlan,
  route: string,
  { view }: ParsedRequest,
): RespondDecision {
  const headers = changedHeaders(NO_HEADERS, withCors(action, view));
  return Object.freeze({ kind: "respond", route, status: 204, headers, body: "" });
}
