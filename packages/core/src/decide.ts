import {
  NONE,
  preflightOf,
  redirect,
  refusalHeaders,
  reject,
  rejectBad,
  rejectOpen,
  rejectOverloaded,
  respondInstead,
  respondWithCors,
  unmatched,
  withCors,
} from "./answers.js";
import { choose, type Draws } from "./choose.js";
import {
  actionOf,
  type BackendPlan,
  type ForwardPlan,
  type MirrorPlan,
  type Plan,
} from "./config/plan.js";
import type { Decision, ForwardDecision, ForwardRules, Params, Trail } from "./decision.js";
import { forwardTo } from "./forward-to.js";
import { lastHopAnswer } from "./last-hop.js";
import { readParams } from "./match/pattern.js";
import type { Alternative } from "./match/table.js";
import { isBad, parseRequest } from "./match/target.js";
import { headerOf, type ParsedRequest, type RequestView } from "./request.js";
import type { Runtime } from "./runtime.js";
import { keptSplit, keyFor, placeFor } from "./place.js";
import { circuitRetryAfter, isCircuitOpen, placesFor, takesMore } from "./protection.js";
import { trailWith } from "./rewrite/forwarded.js";
import type { MatchedPath } from "./rewrite/rewrite.js";
import { readSplit } from "./split/read-split.js";
import type { InstanceState } from "./state.js";

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
  const { index, point } =
    keptSplit(runtime, action.split, matched, draws) ??
    readSplit(action.split, matched.request, draws.split);
  const backend = action.split.backends[index];
  if (backend === undefined) {
    const detail = "no backend of the route has a weight above 0";
    return reject(500, "no-backend", detail, id, refusalHeaders(action, matched.request.view));
  }
  if (backend.redirect !== undefined) {
    const changes = withCors(action, matched.request.view, backend.responseHeaders);
    return redirect(id, backend.redirect, matched, changes);
  }
  const refusal = refusalOfBody(id, action, matched);
  if (refusal !== undefined) return refusal;
  // The version is drawn before health is looked at: a broken canary must fail in its own share, not pour onto v1.
  const place = placeFor(runtime, backend, action.priority, matched, draws);
  if (place !== undefined) {
    const trail = trailOf(runtime.plan, action, matched, draws);
    const mirrors = mirrorsOf(runtime, id, action, matched, draws, trail);
    const { instance, origin, setCookies, known } = place;
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
      trail,
      setCookies,
      known,
    );
  }
  return nowhere(runtime, id, action, backend, matched, draws);
}

// There is no place for a request: a fixed answer where there is one, else the reason.
function nowhere(
  runtime: Runtime,
  id: string,
  action: ForwardPlan,
  { service, version, target, fallbackResponse, responseHeaders }: BackendPlan,
  matched: MatchedPath,
  draws: Draws,
): Decision {
  const { view } = matched.request;
  if (fallbackResponse !== undefined)
    return respondInstead(id, fallbackResponse, withCors(action, view, responseHeaders));
  const at = runtime.targets[target];
  const headers = refusalHeaders(action, view);
  if (at !== undefined && isCircuitOpen(at, draws.now))
    return rejectOpen(service, id, headers, circuitRetryAfter(at, draws.now()));
  const places = at === undefined ? Infinity : placesFor(runtime.plan, at, action.priority);
  if (at !== undefined && at.pool.service.load.inFlight >= places)
    return overloaded(service, places, id, action, matched);
  const { perInstance = 0 } = at?.plan.limits ?? {};
  const isFull = at?.pool.levels.some(({ candidates }) =>
    candidates.some(({ inFlight }) => inFlight >= perInstance),
  );
  if (perInstance > 0 && isFull === true)
    return overloaded(service, at?.pool.inFlight ?? 0, id, action, matched);
  const which = version === "" ? "" : ` in version ${version}`;
  const detail = `service ${service} has no instance${which} that may be tried`;
  return reject(503, "no-instance", detail, id, headers);
}

function trailOf(
  { makesRequestIds }: Plan,
  { trail }: ForwardPlan,
  { request }: MatchedPath,
  draws: Draws,
): Trail | undefined {
  const lacksId =
    makesRequestIds && headerOf(request.view, "x-request-id", "X-Request-Id") === undefined;
  return trailWith(trail, request.forwardedHost, lacksId ? draws.requestId() : undefined);
}

// Most requests have no limit to meet: then nothing is read.
function refusalOfBody(
  id: string,
  action: ForwardPlan,
  { request }: MatchedPath,
): Decision | undefined {
  const { bodyBytes } = action.rules.limits;
  if (bodyBytes === 0) return undefined;
  const length = Number(headerOf(request.view, "content-length", "Content-Length") ?? 0);
  if (!(length > bodyBytes)) return undefined;
  const detail = `the body of ${length} bytes is larger than ${bodyBytes}`;
  return reject(413, "too-large", detail, id, refusalHeaders(action, request.view));
}

function overloaded(
  service: string,
  places: number,
  id: string,
  action: ForwardPlan,
  { request }: MatchedPath,
): Decision {
  const headers = refusalHeaders(action, request.view);
  return rejectOverloaded(service, places, id, headers, action.rules.timeouts.requestMs);
}

// A body is kept only where it may be sent twice.
function rulesFor(action: ForwardPlan, { request }: MatchedPath): ForwardRules {
  return action.replayMethods.includes(request.view.method) ? action.rules : action.rulesOnce;
}

// Each copy on its own: drawn for it, at one instance of its target. Where there is none, it is left out.
function mirrorsOf(
  runtime: Runtime,
  id: string,
  action: ForwardPlan,
  matched: MatchedPath,
  draws: Draws,
  trail: Trail | undefined,
): readonly ForwardDecision[] {
  if (action.mirrors.length === 0) return NOTHING;
  const mirrors: ForwardDecision[] = [];
  for (const mirror of action.mirrors) {
    if (draws.mirror() >= mirror.ratio) continue;
    const target = runtime.targets[mirror.target];
    if (!takesMore(runtime.plan, target, action.priority, draws.now)) continue;
    const key = keyFor(target, matched);
    const instance = choose(target, draws, key, NOTHING, draws.ofMirror);
    // A function would answer the client.
    if (instance !== undefined && instance.handler === undefined)
      mirrors.push(mirrorTo(instance, mirror, id, action, matched, trail, key));
  }
  return Object.freeze(mirrors);
}

function mirrorTo(
  instance: InstanceState,
  mirror: MirrorPlan,
  id: string,
  action: ForwardPlan,
  matched: MatchedPath,
  trail: Trail | undefined,
  key: number | undefined,
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
    trail,
    NOTHING,
    key === undefined ? undefined : { key, session: undefined, isPinned: false },
  );
}
