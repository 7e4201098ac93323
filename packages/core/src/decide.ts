import {
  NONE,
  preflightOf,
  redirect,
  refusalHeaders,
  reject,
  rejectBad,
  rejectOverloaded,
  respondWithCors,
  unmatched,
  withCors,
} from "./answers.js";
import type { Balancer, PickInput } from "./balance/balancer.js";
import {
  actionOf,
  type BackendPlan,
  type ForwardPlan,
  type MirrorPlan,
  type Plan,
} from "./config/plan.js";
import {
  Forward,
  type Decision,
  type ForwardDecision,
  type ForwardRules,
  type HeaderChanges,
  type Origin,
  type Params,
} from "./decision.js";
import { eligibleOf } from "./health/eligible.js";
import { lastHopAnswer } from "./last-hop.js";
import { readParams } from "./match/pattern.js";
import type { Alternative } from "./match/table.js";
import { isBad, parseRequest } from "./match/target.js";
import { headerOf, type ParsedRequest, type RequestView } from "./request.js";
import type { Runtime, Target } from "./runtime.js";
import { trailWith } from "./rewrite/forwarded.js";
import { responseRewriteFor } from "./rewrite/response-rewrite.js";
import { rewriteTarget, type MatchedPath } from "./rewrite/rewrite.js";
import { readSplit } from "./split/read-split.js";
import type { InstanceState } from "./state.js";

/** Chance and time, as far as a decision needs them: the next numbers by what they are for, and the clock. */
export interface Draws {
  readonly split: () => number;
  readonly balance: () => number;
  readonly mirror: () => number;
  readonly mirrorBalance: () => number;
  readonly retry: () => number;
  /** Read only when something depends on it: it is a tenth of the cost of a decision. */
  readonly now: () => number;
}

/** What matching came to: a route, or a decision that is final already. */
export type Matched =
  | { readonly kind: "match"; readonly request: ParsedRequest; readonly alternative: Alternative }
  | { readonly kind: "final"; readonly decision: Decision };

const NOTHING: readonly never[] = Object.freeze([]);

/** The first stage: the best route that holds. */
export function matchStage(plan: Plan, view: RequestView): Matched {
  const request = parseRequest(view, plan.parse);
  if (isBad(request)) return { kind: "final", decision: rejectBad(request) };
  const alternative = plan.table.find(request);
  if (alternative !== undefined) {
    const preflight = alternative.takesPreflight ? preflightOf(plan, view, alternative) : undefined;
    const final = preflight ?? lastHopAnswer(plan, request, alternative);
    if (final !== undefined) return { kind: "final", decision: final };
    return { kind: "match", request, alternative };
  }
  return { kind: "final", decision: plan.tellAllowedMethods ? unmatched(plan, request) : NONE };
}

/** The path parameters of a request that matched. */
export function paramsOf({ path }: ParsedRequest, { shape, head }: Alternative): Params {
  return readParams(shape, path, head);
}

/** The stages after the match, in order: split, eligible, balance. */
export function decideStages(
  runtime: Runtime,
  request: ParsedRequest,
  alternative: Alternative,
  draws: Draws,
  params = paramsOf(request, alternative),
): Decision {
  const id = alternative.id;
  const action = actionOf(runtime.plan, alternative);
  const path = alternative.shape;
  const matched: MatchedPath = {
    request,
    params,
    prefixSegments: path.kind === "tree" ? path.segments.length : 0,
  };
  switch (action.kind) {
    case "respond":
      return action.cors === undefined ? action.decision : respondWithCors(action, request.view);
    case "redirect":
      return redirect(id, action.redirect, matched, withCors(action, request.view));
    case "forward":
      return forward(runtime, id, action, matched, draws);
  }
}

function forward(
  runtime: Runtime,
  id: string,
  action: ForwardPlan,
  matched: MatchedPath,
  draws: Draws,
): Decision {
  const { index, point } = readSplit(action.split, matched.request, draws.split);
  const backend = action.split.backends[index];
  if (backend === undefined) {
    const detail = "no backend of the route has a weight above 0";
    return reject(500, "no-backend", detail, id, refusalHeaders(action, matched.request.view));
  }
  if (backend.redirect !== undefined) {
    const changes = withCors(action, matched.request.view, backend.responseHeaders);
    return redirect(id, backend.redirect, matched, changes);
  }
  const refusal = refusalOfLimits(runtime, id, action, backend, matched);
  if (refusal !== undefined) return refusal;
  // The version is drawn before health is looked at: a broken canary must fail in its own share, not pour onto v1.
  const place = placeFor(runtime, backend, draws);
  if (place !== undefined) {
    const mirrors = mirrorsOf(runtime, id, action, matched, draws);
    const { instance, origin } = place;
    const changes = withCors(action, matched.request.view, backend.responseHeaders);
    const rules = rulesFor(action, matched);
    return forwardTo(
      instance,
      origin,
      id,
      action,
      rules,
      backend,
      matched,
      point,
      changes,
      mirrors,
    );
  }
  const { service, version } = backend;
  const which = version === "" ? "" : ` in version ${version}`;
  const detail = `service ${service} has no instance${which} that may be tried`;
  return reject(503, "no-instance", detail, id, refusalHeaders(action, matched.request.view));
}

// Most requests have no limit to meet: then nothing is read.
function refusalOfLimits(
  { targets }: Runtime,
  id: string,
  action: ForwardPlan,
  { service, target }: BackendPlan,
  matched: MatchedPath,
): Decision | undefined {
  const { bodyBytes } = action.rules.limits;
  if (bodyBytes > 0) {
    const length = Number(headerOf(matched.request.view, "content-length", "Content-Length") ?? 0);
    if (length > bodyBytes) {
      const detail = `the body of ${length} bytes is larger than ${bodyBytes}`;
      return reject(413, "too-large", detail, id, refusalHeaders(action, matched.request.view));
    }
  }
  const at = targets[target];
  if (at === undefined || at.plan.limits.requests === 0) return undefined;
  if (at.pool.service.load.inFlight < at.plan.limits.requests) return undefined;
  return rejectOverloaded(
    service,
    at.plan.limits.requests,
    id,
    refusalHeaders(action, matched.request.view),
  );
}

// A body is kept only where it may be sent twice.
function rulesFor(action: ForwardPlan, { request }: MatchedPath): ForwardRules {
  return action.replayMethods.includes(request.view.method) ? action.rules : action.rulesOnce;
}

interface InstancePlace {
  readonly instance: InstanceState;
  readonly origin: Origin;
}

// Where a share goes. A fallback is better than an instance that is ejected; that is better than nothing.
function placeFor(
  { targets }: Runtime,
  { target, origin, fallback }: BackendPlan,
  draws: Draws,
): InstancePlace | undefined {
  if (fallback === undefined) return placeIn(targets[target], origin, draws);
  return (
    placeIn(targets[target], origin, draws, false) ??
    placeIn(targets[fallback.target], fallback.origin, draws, false) ??
    placeIn(targets[target], origin, draws) ??
    placeIn(targets[fallback.target], fallback.origin, draws)
  );
}

function placeIn(
  target: Target | undefined,
  origin: Origin,
  draws: Draws,
  mayTryAll?: boolean,
): InstancePlace | undefined {
  const instance = choose(target, draws, NOTHING, draws.balance, mayTryAll);
  return instance && { instance, origin };
}

// Each copy on its own: drawn for it, at one instance of its target. Where there is none, it is left out.
function mirrorsOf(
  runtime: Runtime,
  id: string,
  action: ForwardPlan,
  matched: MatchedPath,
  draws: Draws,
): readonly ForwardDecision[] {
  if (action.mirrors.length === 0) return NOTHING;
  const mirrors: ForwardDecision[] = [];
  for (const mirror of action.mirrors) {
    if (draws.mirror() >= mirror.ratio) continue;
    const instance = choose(runtime.targets[mirror.target], draws, NOTHING, draws.mirrorBalance);
    if (instance !== undefined) mirrors.push(mirrorTo(instance, mirror, id, action, matched));
  }
  return Object.freeze(mirrors);
}

function mirrorTo(
  instance: InstanceState,
  mirror: MirrorPlan,
  id: string,
  action: ForwardPlan,
  matched: MatchedPath,
): ForwardDecision {
  const { origin, rules } = mirror;
  return forwardTo(
    instance,
    origin,
    id,
    action,
    rules,
    mirror,
    matched,
    undefined,
    NOTHING,
    NOTHING,
  );
}

/** The instance that the balancer of a service picks in a target; undefined when there is none. */
export function choose(
  target: Target | undefined,
  draws: Draws,
  tried: readonly string[] = NOTHING,
  draw = draws.balance,
  mayTryAll = true,
): InstanceState | undefined {
  if (target === undefined) return undefined;
  const { pool, plan } = target;
  const isTimeless = pool.staleAt === Number.POSITIVE_INFINITY && plan.balancer.usesTime === false;
  const now = isTimeless ? 0 : draws.now();
  const { candidates, prepared } = eligibleOf(pool, now, mayTryAll && plan.tryAll);
  if (candidates.length === 0) return undefined;
  const input = { candidates, draw, now, cursor: pool.cursor, prepared };
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
  action: ForwardPlan,
  rules: ForwardRules,
  { rewrite, requestHeaders }: Pick<BackendPlan, "rewrite" | "requestHeaders">,
  matched: MatchedPath,
  point: number | undefined,
  responseHeaders: readonly HeaderChanges[],
  mirrors: readonly ForwardDecision[],
): ForwardDecision {
  const request = matched.request;
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
    requestHeaders,
    responseHeaders,
    NOTHING,
    request.clientAddress,
    request.peerAddress,
    request.authority,
    request.protocol,
    request.peerTrusted,
    rules,
    mirrors,
    trailWith(action.trail, request.forwardedHost),
    action.responseRewrite && responseRewriteFor(action.responseRewrite, rewrite, matched),
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
    Forward.rulesOf(before),
    NOTHING,
    before.trail,
    before.responseRewrite,
  );
}
