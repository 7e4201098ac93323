import type { Balancer, PickInput } from "./balance/balancer.js";
import {
  actionOf,
  type ActionPlan,
  type BackendPlan,
  type Plan,
  type ServicePlan,
} from "./config/plan.js";
import {
  Forward,
  type Decision,
  type ForwardDecision,
  type HeaderChanges,
  type Origin,
  type RedirectDecision,
  type RejectDecision,
  type RejectReason,
} from "./decision.js";
import { eligibleOf } from "./health/eligible.js";
import { readParams } from "./match/pattern.js";
import type { Alternative } from "./match/table.js";
import { isBad, parseRequest, type BadRequest } from "./match/target.js";
import type { HeaderRecord, ParsedRequest, RequestView } from "./request.js";
import { changedHeaders } from "./rewrite/header-changes.js";
import { locationOf, type RedirectPlan } from "./rewrite/redirect.js";
import { rewriteTarget, type MatchedPath } from "./rewrite/rewrite.js";
import { raceIndex, rangeAt } from "./split/pick-version.js";
import { stickyKey, stickyPoint } from "./split/sticky-point.js";
import type { InstanceState, PoolState, ServiceState } from "./state.js";

/** Chance and time, as far as a decision needs them: the next numbers by what they are for, and the clock. */
export interface Draws {
  split(): number;
  balance(): number;
  /** Read only when something depends on it: it is a tenth of the cost of a decision. */
  now(): number;
}

type ForwardAction = Extract<ActionPlan, { kind: "forward" }>;

/** Everything that a decision reads beside the request: the plan, and the state of the services. */
export interface Runtime {
  readonly plan: Plan;
  readonly services: ReadonlyMap<string, ServiceState>;
  /** What the targets of the plan stand for, by their number. */
  readonly targets: readonly (Target | undefined)[];
}

/** What an instance is chosen from, and how. */
export interface Target {
  readonly pool: PoolState;
  readonly plan: ServicePlan;
}

/** Joins a plan with the state of its services. */
export function newRuntime(plan: Plan, services: ReadonlyMap<string, ServiceState>): Runtime {
  const targets = plan.targets.map(({ service, version }) =>
    targetOf(plan, services, service, version),
  );
  return { plan, services, targets };
}

/** What a version of a service stands for, or all of it (empty); undefined where there is none. */
export function targetOf(
  plan: Plan,
  services: ReadonlyMap<string, ServiceState>,
  service: string,
  version: string,
): Target | undefined {
  const pool = services.get(service)?.pools.get(version);
  const servicePlan = plan.services.get(service);
  return pool && servicePlan && { pool, plan: servicePlan };
}

/** What matching came to: a route, or a decision that is final already. */
export type Matched =
  | { readonly kind: "match"; readonly request: ParsedRequest; readonly alternative: Alternative }
  | { readonly kind: "final"; readonly decision: Decision };

const NO_HEADERS: HeaderRecord = Object.freeze({});
const NONE: Decision = Object.freeze({ kind: "none" });
const NOTHING: readonly never[] = Object.freeze([]);

/** The first stage: the best route that holds. */
export function matchStage(plan: Plan, view: RequestView): Matched {
  const request = parseRequest(view, plan.parse);
  if (isBad(request)) return { kind: "final", decision: rejectBad(request) };
  const alternative = plan.table.find(request);
  if (alternative !== undefined) return { kind: "match", request, alternative };
  return { kind: "final", decision: plan.tellAllowedMethods ? unmatched(plan, request) : NONE };
}

/** The stages after the match, in order: split, eligible, balance. */
export function decideStages(
  runtime: Runtime,
  request: ParsedRequest,
  alternative: Alternative,
  draws: Draws,
): Decision {
  const id = alternative.id;
  const action = actionOf(runtime.plan, alternative);
  const path = alternative.shape;
  const matched: MatchedPath = {
    request,
    params: readParams(path, request.path),
    prefixSegments: path.kind === "tree" ? path.segments.length : 0,
  };
  switch (action.kind) {
    case "respond":
      return action.decision;
    case "redirect":
      return redirect(id, action.redirect, matched, action.responseHeaders);
    case "forward":
      return forward(runtime, id, action, matched, draws);
  }
}

function forward(
  runtime: Runtime,
  id: string,
  action: ForwardAction,
  matched: MatchedPath,
  draws: Draws,
): Decision {
  const { backends, weights, ranges, sticky, salt } = action.split;
  let index = 0;
  let point: number | undefined;
  if (backends.length !== 1) {
    const key = sticky === undefined ? undefined : stickyKey(matched.request, sticky);
    point = key === undefined ? draws.split() : stickyPoint(key, salt);
    index = key === undefined ? rangeAt(ranges, point) : raceIndex(weights, point);
  } else if (!((weights[0] as number) > 0)) {
    index = -1;
  }
  const backend = backends[index];
  if (backend === undefined) {
    return reject(500, "no-backend", "no backend of the route has a weight above 0", id);
  }
  if (backend.redirect !== undefined) {
    return redirect(id, backend.redirect, matched, backend.responseHeaders);
  }
  // The version is drawn before health is looked at: a broken canary must fail in its own share, not pour onto v1.
  const instance = choose(runtime.targets[backend.target], draws);
  if (instance !== undefined) {
    return forwardTo(instance, backend.origin, id, action, backend, matched, point);
  }
  return fallBack(runtime, id, action, backend, matched, point, draws);
}

function fallBack(
  runtime: Runtime,
  id: string,
  action: ForwardAction,
  backend: BackendPlan,
  matched: MatchedPath,
  point: number | undefined,
  draws: Draws,
): Decision {
  const { service, version, fallback } = backend;
  const other = fallback && choose(runtime.targets[fallback.target], draws);
  if (fallback !== undefined && other !== undefined) {
    return forwardTo(other, fallback.origin, id, action, backend, matched, point);
  }
  const which = version === "" ? "" : ` in version ${version}`;
  const detail = `service ${service} has no instance${which} that may be tried`;
  return reject(503, "no-instance", detail, id);
}

/** The instance that the balancer of a service picks in a target; undefined when there is none. */
export function choose(
  target: Target | undefined,
  draws: Draws,
  tried: readonly string[] = NOTHING,
): InstanceState | undefined {
  if (target === undefined) return undefined;
  const { pool, plan } = target;
  const isTimeless = pool.staleAt === Number.POSITIVE_INFINITY && plan.balancer.usesTime === false;
  const now = isTimeless ? 0 : draws.now();
  const { candidates, prepared } = eligibleOf(pool, now, plan.tryAll);
  if (candidates.length === 0) return undefined;
  const input = { candidates, draw: draws.balance, now, cursor: pool.cursor, prepared };
  // A balancer of the user's own may throw or answer no index: then nothing is chosen.
  try {
    if (tried.length > 0) return pickUntried(plan.balancer, input, tried);
    return candidates[plan.balancer.pick(input)];
  } catch {
    return undefined;
  }
}

interface Input extends PickInput {
  readonly candidates: readonly InstanceState[];
}

// An instance that was tried is used again only when there is no other.
function pickUntried(
  balancer: Balancer,
  { candidates, draw, now, cursor = 0 }: Input,
  tried: readonly string[],
): InstanceState | undefined {
  const untried = candidates.filter(({ id }) => !tried.includes(id));
  const left = untried.length > 0 ? untried : candidates;
  return left[balancer.pick({ candidates: left, draw, now, cursor })];
}

function forwardTo(
  instance: InstanceState,
  origin: Origin,
  id: string,
  action: ForwardAction,
  backend: BackendPlan,
  matched: MatchedPath,
  point: number | undefined,
): ForwardDecision {
  const request = matched.request;
  const rewrite = backend.rewrite;
  const target = rewrite === undefined ? request.target : rewriteTarget(rewrite, matched);
  return new Forward(
    origin,
    instance.basePath,
    id,
    matched.params,
    instance.service,
    instance.version === "" ? undefined : instance.version,
    instance.reference,
    point,
    1,
    NOTHING,
    Object.freeze({
      method: request.view.method,
      path: instance.basePath === "" ? target : instance.basePath + target,
      host: rewrite?.host ?? request.authority,
    }),
    backend.requestHeaders,
    backend.responseHeaders,
    NOTHING,
    request.clientAddress,
    request.peerAddress,
    request.authority,
    request.protocol,
    request.peerTrusted,
    action.timeouts,
    NOTHING,
  );
}

/** The next attempt of a decision at another instance: same version and point. */
export function forwardAgain(before: Forward, to: InstanceState): ForwardDecision {
  const { method, host } = before.request;
  const path = to.basePath + Forward.tailOf(before);
  return new Forward(
    Forward.originOf(before),
    to.basePath,
    before.route,
    before.params,
    before.service,
    to.version === "" ? undefined : to.version,
    to.reference,
    before.point,
    before.attempt + 1,
    Object.freeze([...before.tried, before.instance.id]),
    Object.freeze({ method, path, host }),
    before.requestHeaders,
    before.responseHeaders,
    before.setCookies,
    before.clientAddress,
    before.peerAddress,
    before.authority,
    before.protocol,
    before.peerTrusted,
    before.timeouts,
    NOTHING,
  );
}

function redirect(
  route: string,
  plan: RedirectPlan,
  matched: MatchedPath,
  changes: readonly HeaderChanges[],
): RedirectDecision {
  return Object.freeze({
    kind: "redirect",
    route,
    status: plan.status,
    location: locationOf(plan, matched),
    headers: changes.length === 0 ? NO_HEADERS : changedHeaders(NO_HEADERS, changes),
  });
}

function rejectBad({ status, problem }: BadRequest): RejectDecision {
  const headers = status === 405 ? Object.freeze({ allow: "" }) : NO_HEADERS;
  return Object.freeze({
    kind: "reject",
    status,
    headers,
    reason: status === 405 ? "method-not-allowed" : "bad-request",
    detail: problem,
  });
}

function reject(
  status: number,
  reason: RejectReason,
  detail: string,
  route: string,
): RejectDecision {
  return Object.freeze({ kind: "reject", route, status, headers: NO_HEADERS, reason, detail });
}

function unmatched(plan: Plan, request: ParsedRequest): Decision {
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
