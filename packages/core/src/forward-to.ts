import type { BackendPlan, ForwardPlan } from "./config/plan.js";
import {
  Forward,
  type ForwardDecision,
  type ForwardRules,
  type HeaderChanges,
  type KnownClient,
  type Origin,
  type Trail,
} from "./decision.js";
import { responseRewriteFor } from "./rewrite/response-rewrite.js";
import { rewriteTarget, type MatchedPath } from "./rewrite/rewrite.js";
import type { InstanceState } from "./state.js";

const NOTHING: readonly never[] = Object.freeze([]);

/** The decision that leads to an instance. */
export function forwardTo(
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
  trail: Trail | undefined,
  setCookies: readonly string[],
  known: KnownClient | undefined,
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
    setCookies,
    request.clientAddress,
    request.peerAddress,
    request.authority,
    request.protocol,
    request.peerTrusted,
    rules,
    mirrors,
    trail,
    action.responseRewrite && responseRewriteFor(action.responseRewrite, rewrite, matched),
    known,
  );
}

/** The next attempt of a decision at another instance: same version and point. */
export function forwardAgain(
  before: Forward,
  to: InstanceState,
  setCookies: readonly string[],
): ForwardDecision {
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
    setCookies,
    before.clientAddress,
    before.peerAddress,
    before.authority,
    before.protocol,
    before.peerTrusted,
    Forward.rulesOf(before),
    NOTHING,
    before.trail,
    before.responseRewrite,
    Forward.knownOf(before),
  );
}
