import type { RequestView } from "../request.js";

/** What is odd about a route table or its services. */
export type FindingKind =
  /** No request ever reaches the route: others take them all, or its own conditions cannot hold together. */
  | "unreachable"
  /** Two routes of equal precedence can hold for one request, so only the order in which they are listed decides. */
  | "tie"
  /** A route without a policy takes requests that another route, with that policy, would have taken. */
  | "policy-gap"
  /** No route leads to the instance. */
  | "unused-instance"
  /** The weights of the route add up to nothing, so that it answers 500. */
  | "no-weight"
  /** A share of the route leads to a version or service without instances, so that it answers 503. */
  | "no-instance";

/** One thing that is odd about a configuration, with a request that shows it. */
export interface RouteFinding {
  readonly kind: FindingKind;
  /** JSON pointer to the route, alternative or instance (RFC 6901). */
  readonly pointer: string;
  /** Id of the route that it is about; undefined for instances. */
  readonly route: string | undefined;
  /** Ids of the other routes in it: those that hide it, that it ties with, that take its requests. */
  readonly by: readonly string[];
  /** In one sentence. */
  readonly message: string;
  /** `gateway.decide(witness)` shows it. */
  readonly witness: RequestView;
  /** The point at which the split has to be read to see it; undefined where every point shows it. */
  readonly point?: number;
}
