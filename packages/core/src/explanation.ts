import type { StickyConfig } from "./config/route-config.js";
import type { Decision } from "./decision.js";
import type { FailedCondition } from "./match/trace.js";

/**
 * Why a request is decided as it is: plain data. `formatExplanation` makes text of it for people.
 */
export interface Explanation {
  /** What `decide` answers with the same draws. */
  readonly decision: Decision;
  readonly request: ExplainedRequest;
  /**
   * Routes in the order of precedence, an entry for each alternative of their match. Of a table with more than
   * 50 alternatives only those whose host and path take the request, the first 50 and the one that is taken, unless
   * all were asked for.
   */
  readonly routes: readonly ExplainedRoute[];
  /** How many alternatives were left out of `routes`. */
  readonly unlisted: number;
  /** Names of the policies around the route that is taken, in their order. */
  readonly policies: readonly string[];
  /** How the version or service was chosen; undefined when no backend had to be. */
  readonly split: ExplainedSplit | undefined;
  /** What the instance was chosen from: the backend, then its fallback if that was needed. */
  readonly pools: readonly ExplainedPool[];
  /** Copies of the request, whether or not this one is copied. */
  readonly mirrors: readonly ExplainedMirror[];
  /** What is said to scripts of other origins; undefined where the route has no `cors` or the request no origin. */
  readonly cors: ExplainedCors | undefined;
  /** The head that goes to the instance, flat; undefined when nothing is forwarded. */
  readonly upstreamRequest:
    | { readonly method: string; readonly path: string; readonly headers: readonly string[] }
    | undefined;
  /** The head of an answer of the gateway's own, flat; undefined when there is none. */
  readonly clientResponse:
    { readonly status: number; readonly headers: readonly string[] } | undefined;
  /** Numbers that were drawn, in order. */
  readonly draws: readonly { readonly purpose: string; readonly value: number }[];
}

/** The request as routing sees it. */
export interface ExplainedRequest {
  readonly method: string;
  /** Target as received. */
  readonly url: string;
  /** The canonical path that is matched and forwarded; undefined when the request is refused before. */
  readonly path: string | undefined;
  /** Lower case, without port; undefined when the request names none. */
  readonly host: string | undefined;
  readonly protocol: "http" | "https" | undefined;
  /** The method that a CORS preflight asks for; undefined when it is none. Routes with `cors` see it as the method. */
  readonly preflightFor: string | undefined;
  /** Undefined when unknown. */
  readonly clientAddress: string | undefined;
}

/** What became of one alternative of a route. */
export interface ExplainedRoute {
  readonly route: string;
  /** Position among the alternatives of its match. One that names several hosts has an entry for each. */
  readonly alternative: number;
  /** The host that it names; undefined for every host. */
  readonly host: string | undefined;
  /** `taken`: it goes first of all that hold. `outranked`: it holds, but another goes first. */
  readonly verdict: "taken" | "outranked" | "failed";
  /** The first condition that failed, of host, path, method and the others in this order. */
  readonly failed?: FailedCondition;
}

/** The choice of a backend. */
export interface ExplainedSplit {
  /** In [0, 1); undefined when there was nothing to split. */
  readonly point: number | undefined;
  /** Where the key of a sticky split is looked for; undefined when it is not sticky. */
  readonly sticky: StickyConfig | undefined;
  /** What the point was hashed from; undefined when it was drawn. */
  readonly key: string | undefined;
  readonly backends: readonly ExplainedBackend[];
}

/** One of the backends that share a route. */
export interface ExplainedBackend {
  readonly service: string;
  /** Undefined for every version. */
  readonly version: string | undefined;
  readonly weight: number;
  /** The weight as a ratio of the sum; 0 when the sum is 0. */
  readonly share: number;
  readonly chosen: boolean;
}

/** The instances of a service, and which of them might have got the request. */
export interface ExplainedPool {
  readonly role: "backend" | "fallback";
  readonly service: string;
  /** Undefined for every version. */
  readonly version: string | undefined;
  readonly balancer: string;
  /** Whether none was eligible, so that all are tried. */
  readonly triesAll: boolean;
  /** How many instances were left out of `instances`: of more than 50, the first 50 and the chosen one are listed. */
  readonly unlisted: number;
  readonly instances: readonly ExplainedInstance[];
}

/** One instance, and why it was left out if it was. */
export interface ExplainedInstance {
  readonly id: string;
  readonly url: string;
  readonly version: string | undefined;
  readonly inFlight: number;
  /** Unit: milliseconds; 0 when it is not ejected. */
  readonly ejectedForMs: number;
  readonly verdict: "chosen" | "candidate" | "left-out";
  /** In words; only where it was left out. */
  readonly reason?: string;
}

/** A copy that a route makes of requests. */
export interface ExplainedMirror {
  readonly service: string;
  /** Undefined for every version. */
  readonly version: string | undefined;
  readonly ratio: number;
  /** Where the copy goes; undefined when this request is not copied. */
  readonly instance: string | undefined;
  /** Why it is not copied, in words; only then. */
  readonly reason?: string;
}

/** The answer to the question whether scripts of an origin may read a response. */
export interface ExplainedCors {
  readonly origin: string;
  readonly isAllowed: boolean;
}

/** What may be asked of an explanation. */
export interface ExplainOptions {
  /** Whether routes are listed whose host or path does not take the request. Default: in tables of up to 50 alternatives. */
  readonly everyRoute?: boolean;
}
