import {
  actionOf,
  type ActionPlan,
  type FixedResponse,
  type ForwardPlan,
  type Plan,
} from "./config/plan.js";
import type {
  Decision,
  HeaderChanges,
  RedirectDecision,
  RejectDecision,
  RejectReason,
  RespondDecision,
} from "./decision.js";
import type { Alternative } from "./match/table.js";
import type { BadRequest } from "./match/target.js";
import {
  preflightMethod,
  type HeaderRecord,
  type ParsedRequest,
  type RequestView,
} from "./request.js";
import { corsChanges, preflightHeaders } from "./rewrite/cors.js";
import { changedHeaders } from "./rewrite/header-changes.js";
import { locationOf, type RedirectPlan } from "./rewrite/redirect.js";
import type { MatchedPath } from "./rewrite/rewrite.js";

/** Headers of an answer that has none. */
export const NO_HEADERS: HeaderRecord = Object.freeze({});

/** No route holds. */
export const NONE: Decision = Object.freeze({ kind: "none" });

/**
 * The answer to a preflight; undefined when the request is none. It is given before any policy sees it: browsers
 * send no credentials with it.
 */
export function preflightOf(
  plan: Plan,
  view: RequestView,
  alternative: Alternative,
): RespondDecision | undefined {
  const { cors, responseHeaders } = actionOf(plan, alternative);
  if (cors === undefined || preflightMethod(view) === undefined) return undefined;
  const headers = changedHeaders(preflightHeaders(cors, view), responseHeaders);
  return Object.freeze({ kind: "respond", route: alternative.id, status: 204, headers, body: "" });
}

/** A fixed answer with what CORS says of it. */
export function respondWithCors(
  action: Extract<ActionPlan, { kind: "respond" }>,
  view: RequestView,
): RespondDecision {
  const headers = changedHeaders(action.headers, withCors(action, view));
  return Object.freeze({ ...action.decision, headers });
}

/** The changes of an answer: what is said of CORS goes first. */
export function withCors(
  { cors, responseHeaders }: ActionPlan,
  view: RequestView,
  changes = responseHeaders,
): readonly HeaderChanges[] {
  return cors === undefined ? changes : Object.freeze([corsChanges(cors, view), ...changes]);
}

/** Headers of a refusal. A script can read why it was refused only if CORS lets it. */
export function refusalHeaders(action: ForwardPlan, view: RequestView): HeaderRecord {
  return action.cors === undefined
    ? NO_HEADERS
    : changedHeaders(NO_HEADERS, [corsChanges(action.cors, view)]);
}

/** An answer that sends the client elsewhere. */
export function redirect(
  route: string,
  plan: RedirectPlan,
  matched: MatchedPath,
  changes: readonly HeaderChanges[],
): RedirectDecision | RejectDecision {
  const location = locationOf(plan, matched);
  if (location === undefined) {
    const detail = "the redirect needs a host, and the request names none";
    return reject(400, "bad-request", detail, route, changedHeaders(NO_HEADERS, changes));
  }
  return Object.freeze({
    kind: "redirect",
    route,
    status: plan.status,
    location,
    headers: changes.length === 0 ? NO_HEADERS : changedHeaders(NO_HEADERS, changes),
  });
}

const BAD_REASONS = {
  400: "bad-request",
  405: "method-not-allowed",
  414: "too-large",
  431: "too-large",
} as const;

/** The refusal of a request that cannot be routed at all. */
export function rejectBad({ status, problem }: BadRequest): RejectDecision {
  const headers = status === 405 ? Object.freeze({ allow: "" }) : NO_HEADERS;
  return Object.freeze({
    kind: "reject",
    status,
    headers,
    reason: BAD_REASONS[status],
    detail: problem,
  });
}

/** The refusal of a request that a route took. */
export function reject(
  status: number,
  reason: RejectReason,
  detail: string,
  route: string,
  headers: HeaderRecord,
): RejectDecision {
  return Object.freeze({ kind: "reject", route, status, headers, reason, detail });
}

/** The refusal of a request whose service has as many under way as it may have. */
export function rejectOverloaded(
  service: string,
  requests: number,
  route: string,
  headers: HeaderRecord,
  requestMs: number,
): RejectDecision {
  const detail = `service ${service} has ${requests} requests under way, which is its limit`;
  return Object.freeze({
    ...reject(503, "overloaded", detail, route, Object.freeze({ "retry-after": "1", ...headers })),
    retryAfterMs: 1_000,
    service,
    requestMs,
  });
}

/** The refusal of a request whose service is left alone for a while. */
export function rejectOpen(
  service: string,
  route: string,
  headers: HeaderRecord,
  retryAfterMs: number,
): RejectDecision {
  const detail = `the circuit breaker of service ${service} is open`;
  // Whole seconds, and not zero: that would be at once.
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  const all = Object.freeze({ "retry-after": seconds, ...headers });
  return Object.freeze({
    ...reject(503, "circuit-open", detail, route, all),
    retryAfterMs: Math.max(1_000, retryAfterMs),
    service,
  });
}

/** A fixed answer in place of a service. */
export function respondInstead(
  route: string,
  { status, headers, body }: FixedResponse,
  changes: readonly HeaderChanges[],
): RespondDecision {
  const changed = changes.length === 0 ? headers : changedHeaders(headers, changes);
  return Object.freeze({ kind: "respond", route, status, headers: changed, body });
}

/** What a request gets that no route holds for, where the methods that would hold are told. */
export function unmatched(plan: Plan, request: ParsedRequest): Decision {
  const methods = plan.table.allowedMethods(request);
  if (methods.length === 0) return NONE;
  const allow = methods.join(", ");
  return Object.freeze({
    kind: "reject",
    status: 405,
    headers: Object.freeze({ allow }),
    reason: "method-not-allowed",
    detail: `no route takes ${request.view.method} here, only ${allow}`,
  });
}
