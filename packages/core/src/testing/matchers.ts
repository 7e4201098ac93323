import type { Decision } from "../decision.js";
import type { Explanation } from "../explanation.js";
import { describeDecision, formatExplanation } from "../format-explanation.js";

/** What a matcher answers: the form that `expect.extend` of vitest and of jest takes. */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** What matchers look at: a decision, or an explanation, which a failure then prints whole. */
export type Decided = Decision | Explanation;

/** What is asked of a redirect. */
export type WantedLocation = string | RegExp;

/**
 * Matchers for `expect.extend` of vitest and jest. They take what `gateway.decide` or `gateway.explain` answers; a
 * failure about an explanation prints it.
 *
 * @example
 * expect.extend(matchers);
 * expect(gateway.explain(request("GET /users/7"))).toReach("users", "v2");
 */
export const matchers = {
  /** The request is forwarded to a service, and to a version of it if that is given. */
  toReach(decided: Decided, service: string, version?: string): MatcherResult {
    const decision = decisionOf("toReach", decided);
    const pass =
      decision.kind === "forward" &&
      decision.service === service &&
      (version === undefined || decision.version === version);
    const wanted = version === undefined ? service : `${service} ${version}`;
    return result(pass, `to reach ${wanted}`, decided, decision);
  },

  /** The client is sent elsewhere: to a location, or one that a RegExp matches, and with a status if that is given. */
  toRedirect(decided: Decided, location?: WantedLocation, status?: number): MatcherResult {
    const decision = decisionOf("toRedirect", decided);
    const pass =
      decision.kind === "redirect" &&
      isLocation(decision.location, location) &&
      (status === undefined || decision.status === status);
    const to = location === undefined ? "" : ` to ${String(location)}`;
    const by = status === undefined ? "" : ` with ${status}`;
    return result(pass, `to redirect${to}${by}`, decided, decision);
  },

  /** The gateway answers itself, with a status if that is given. */
  toRespond(decided: Decided, status?: number): MatcherResult {
    const decision = decisionOf("toRespond", decided);
    const pass =
      decision.kind === "respond" && (status === undefined || decision.status === status);
    const by = status === undefined ? "" : ` ${status}`;
    return result(pass, `to be answered${by} by the gateway`, decided, decision);
  },

  /** The request is refused, with a status or for a reason such as `no-instance` if that is given. */
  toBeRejected(decided: Decided, why?: number | string): MatcherResult {
    const decision = decisionOf("toBeRejected", decided);
    const pass =
      decision.kind === "reject" &&
      (why === undefined || decision.status === why || decision.reason === why);
    const because = why === undefined ? "" : ` with ${why}`;
    return result(pass, `to be refused${because}`, decided, decision);
  },

  /** No route holds: the server that the gateway lives in answers. */
  toFallThrough(decided: Decided): MatcherResult {
    const decision = decisionOf("toFallThrough", decided);
    return result(decision.kind === "none", "to fall through", decided, decision);
  },
} as const;

/** The matchers as they are called after `expect(…)`; for the types of test runners. */
export interface RouteMatchers<R = unknown> {
  /** The request is forwarded to a service, and to a version of it if that is given. */
  toReach(service: string, version?: string): R;
  /** The client is sent elsewhere: to a location, or one that a RegExp matches, and with a status if that is given. */
  toRedirect(location?: WantedLocation, status?: number): R;
  /** The gateway answers itself, with a status if that is given. */
  toRespond(status?: number): R;
  /** The request is refused, with a status or for a reason such as `no-instance` if that is given. */
  toBeRejected(why?: number | string): R;
  /** No route holds: the server that the gateway lives in answers. */
  toFallThrough(): R;
}

const KINDS = ["forward", "redirect", "respond", "reject", "none"];

function isExplanation(decided: Decided): decided is Explanation {
  return "decision" in decided;
}

function decisionOf(matcher: string, decided: unknown): Decision {
  if (typeof decided === "object" && decided !== null) {
    const { decision = decided } = decided as { readonly decision?: unknown };
    const { kind } = decision as { readonly kind?: unknown };
    if (typeof kind === "string" && KINDS.includes(kind)) return decision as Decision;
  }
  throw new TypeError(
    `${matcher} takes what gateway.explain(view) or gateway.decide(view) answers, got ${typeof decided}`,
  );
}

function isLocation(location: string, wanted: WantedLocation | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === "string" ? location === wanted : wanted.test(location);
}

function result(
  pass: boolean,
  wanted: string,
  decided: Decided,
  decision: Decision,
): MatcherResult {
  return {
    pass,
    message: () => {
      const head = `expected the request ${pass ? "not " : ""}${wanted}, but ${describeDecision(decision)}`;
      return isExplanation(decided)
        ? `${head}\n\n${formatExplanation(decided)}`
        : `${head}\n\nGive expect the explanation to see why: expect(gateway.explain(view))`;
    },
  };
}
