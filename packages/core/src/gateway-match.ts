import { actionOf, type Plan } from "./config/plan.js";
import type { Matched } from "./decide.js";
import type { Decision, Params } from "./decision.js";
import { readParams } from "./match/pattern.js";
import type { RequestView } from "./request.js";

/** The first half of a decision: the route that holds, before anything is chosen. */
export interface GatewayMatch {
  readonly kind: "match";
  readonly route: string;
  readonly params: Params;
  /** Names of the steps around the route, in their order. */
  readonly policies: readonly string[];
}

/** What `match` answers: a match, or a decision that is final already (`none`, or a `reject`). */
export type MatchResult = GatewayMatch | Exclude<Decision, { kind: "forward" }>;

/** A match with what was matched, so that the second half need not match again. */
export class MatchValue implements GatewayMatch {
  readonly kind = "match";
  readonly route: string;
  readonly params: Params;
  readonly policies: readonly string[];
  readonly #matched: Matched & { kind: "match" };
  readonly #plan: Plan;

  constructor(matched: Matched & { kind: "match" }, plan: Plan) {
    this.route = matched.alternative.id;
    this.params = readParams(
      matched.alternative.shape,
      matched.request.path,
      matched.alternative.head,
    );
    this.policies = actionOf(plan, matched.alternative).policies;
    this.#matched = matched;
    this.#plan = plan;
    Object.freeze(this);
  }

  /** What was matched and the plan that it was matched by; undefined when it was another request. */
  static reuse(
    match: MatchResult,
    view: RequestView,
  ): { readonly plan: Plan; readonly matched: Matched & { kind: "match" } } | undefined {
    if (!(match instanceof MatchValue)) return undefined;
    const { request, alternative } = match.#matched;
    if (request.view === view) return { plan: match.#plan, matched: match.#matched };
    if (!isSameButForFacts(request.view, view)) return undefined;
    const informed = request.withFactsOf(view);
    return { plan: match.#plan, matched: { kind: "match", request: informed, alternative } };
  }
}

// Policies that run between match and decide may add facts.
function isSameButForFacts(one: RequestView, other: RequestView): boolean {
  return (
    one.method === other.method &&
    one.url === other.url &&
    one.headers === other.headers &&
    one.rawHeaders === other.rawHeaders &&
    one.httpVersion === other.httpVersion &&
    one.protocol === other.protocol &&
    one.remoteAddress === other.remoteAddress &&
    one.localPort === other.localPort
  );
}
