import type { Decision, RejectReason } from "../decision.js";
import type { Explanation } from "../explanation.js";
import { describeDecision, formatExplanation } from "../format-explanation.js";
import { checkAsked, isRegExp, isStatus, isText, propertyOf, shown } from "./given.js";

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
 * @throws TypeError when they are given something else, or asked for what they do not take; after `.not` too
 *
 * @example
 * expect.extend(matchers);
 * expect(gateway.explain(request("GET /users/7"))).toReach("users", "v2");
 */
export const matchers = {
  /** The request is forwarded to a service, and to a version of it if that is given. */
  toReach(decided: Decided, service: string, version?: string): MatcherResult {
    const decision = decisionOf("toReach", decided);
    const isRight = isText(service) && (version === undefined || isText(version));
    const takes = "the name of a service and, if it matters, a version";
    checkAsked("toReach", takes, isRight, service, version);
    const pass =
      decision.kind === "forward" &&
      decision.service === service &&
      (version === undefined || decision.version === version);
    const wanted = version === undefined ? service : `${service} ${version}`;
    return result(pass, `to reach ${wanted}`, decided, decision);
  },

  /** A route takes the request, whatever it does with it. */
  toTake(decided: Decided, route: string): MatcherResult {
    const decision = decisionOf("toTake", decided);
    checkAsked("toTake", "the id of a route", isText(route), route);
    const pass = decision.kind !== "none" && decision.route === route;
    return result(pass, `to take route ${route}`, decided, decision);
  },

  /** The client is sent elsewhere: to a location, or one that a RegExp matches, and with a status if that is given. */
  toRedirect(decided: Decided, location?: WantedLocation, status?: number): MatcherResult {
    const decision = decisionOf("toRedirect", decided);
    const isRight = (location === undefined || isLocation(location)) && isStatus(status);
    const takes = "a location and a status, each only if it matters";
    checkAsked("toRedirect", takes, isRight, location, status);
    const pass =
      decision.kind === "redirect" &&
      leadsTo(decision.location, location) &&
      (status === undefined || decision.status === status);
    const to = location === undefined ? "" : ` to ${String(location)}`;
    const by = status === undefined ? "" : ` with ${status}`;
    return result(pass, `to redirect${to}${by}`, decided, decision);
  },

  /** The gateway answers itself, with a status if that is given. */
  toRespond(decided: Decided, status?: number): MatcherResult {
    const decision = decisionOf("toRespond", decided);
    checkAsked("toRespond", "a status, if it matters", isStatus(status), status);
    const pass =
      decision.kind === "respond" && (status === undefined || decision.status === status);
    const by = status === undefined ? "" : ` ${status}`;
    return result(pass, `to be answered${by} by the gateway`, decided, decision);
  },

  /** The request is refused, with a status or for a reason such as `no-instance` if that is given. */
  toBeRejected(decided: Decided, why?: number | RejectReason): MatcherResult {
    const decision = decisionOf("toBeRejected", decided);
    const isRight = isStatus(why) || isText(why);
    checkAsked("toBeRejected", "a status or a reason, if it matters", isRight, why);
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
  /** A route takes the request, whatever it does with it. */
  toTake(route: string): R;
  /** The client is sent elsewhere: to a location, or one that a RegExp matches, and with a status if that is given. */
  toRedirect(location?: WantedLocation, status?: number): R;
  /** The gateway answers itself, with a status if that is given. */
  toRespond(status?: number): R;
  /** The request is refused, with a status or for a reason such as `no-instance` if that is given. */
  toBeRejected(why?: number | RejectReason): R;
  /** No route holds: the server that the gateway lives in answers. */
  toFallThrough(): R;
}

const KINDS = ["forward", "redirect", "respond", "reject", "none"];

function isExplanation(decided: Decided): decided is Explanation {
  return "decision" in decided;
}

function decisionOf(matcher: string, decided: unknown): Decision {
  for (const value of [decided, propertyOf(decided, "decision")]) {
    const kind = propertyOf(value, "kind");
    if (typeof kind === "string" && KINDS.includes(kind)) return value as Decision;
  }
  throw new TypeError(
    `${matcher} takes what gateway.explain(view) or gateway.decide(view) answers, got ${shown(decided)}`,
  );
}

function isLocation(value: unknown): boolean {
  return isText(value) || isRegExp(value);
}

function leadsTo(location: string, wanted: WantedLocation | undefined): boolean {
  if (wanted === undefined) return true;
  // Not `test`, which goes on where a global RegExp last stopped.
  return isText(wanted) ? location === wanted : location.search(wanted) >= 0;
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
