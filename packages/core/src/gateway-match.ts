import { actionOf, type Plan } from "./config/plan.js";
import { paramsOf, type Matched } from "./decide.js";
import type { Decision, Params } from "./decision.js";
import type { Alternative } from "./match/table.js";
import type { ParsedRequest, RequestView } from "./request.js";

/** The first half of a decision: the route that holds, before anything is chosen. */
export interface GatewayMatch {
  readonly kind: "match";
  readonly route: string;
  readonly params: Params;
  /** Names of the steps around the route, in their order. */
  readonly policies: readonly string[];
  /** Limit of the whole request, the steps included. 0 means none. Unit: milliseconds. */
  readonly requestMs: number;
}

/** What `match` answers: a match, or a decision that is final already (`none`, or a `reject`). */
export type MatchResult = GatewayMatch | Exclude<Decision, { kind: "forward" }>;

/** What the second half of a decision goes on with. */
export interface Reused {
  readonly plan: Plan;
  readonly request: ParsedRequest;
  readonly alternative: Alternative;
  readonly params: Params;
}

/** A match with what was matched, so that the second half need not match again. */
export class MatchValue implements GatewayMatch {
  readonly kind = "match";
  readonly route: string;
  readonly params: Params;
  readonly policies: readonly string[];
  readonly requestMs: number;
  readonly #matched: Matched & { kind: "match" };
  readonly #plan: Plan;

  constructor(matched: Matched & { kind: "match" }, plan: Plan) {
    this.route = matched.alternative.id;
    this.params = paramsOf(matched.request, matched.alternative);
    const action = actionOf(plan, matched.alternative);
    this.policies = action.policies;
    this.requestMs = action.kind === "forward" ? action.rules.timeouts.requestMs : 0;
    this.#matched = matched;
    this.#plan = plan;
    Object.freeze(this);
  }

  /** What was matched and the plan that it was matched by; undefined when it was another request. */
  static reuse(match: MatchResult, view: RequestView): Reused | undefined {
    if (!(match instanceof MatchValue)) return undefined;
    const { request, alternative } = match.#matched;
    const isSame = request.view === view;
    if (!isSame && !isSameButForFacts(request.view, view)) return undefined;
    const informed = isSame ? request : request.withFactsOf(view);
    return { plan: match.#plan, request: informed, alternative, params: match.params };
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
