import type { MatchConfig } from "./match-config.js";
import type {
  CorsConfig,
  HeaderChangesConfig,
  RedirectConfig,
  RespondConfig,
  ResponseRewriteConfig,
  RewriteConfig,
} from "./rewrite-config.js";

/** Where the key of a sticky split comes from. A request without it is split by a draw. */
export type StickyConfig =
  | "clientAddress"
  | { readonly cookie: string }
  | { readonly header: string }
  | { readonly query: string }
  | { readonly fact: string };

/** Shares by version: relative weights, not percentages. */
export type SplitConfig = { readonly [version: string]: number };

/** One service with what goes with it. */
export interface BackendConfig {
  readonly service: string;
  readonly version?: string;
  readonly split?: SplitConfig;
  readonly sticky?: StickyConfig;
  readonly fallback?: FallbackConfig;
}

/**
 * What happens to requests when what was chosen has no instance, or its circuit breaker is open: they go to another version or
 * another service, or get a fixed response; of both, that where there is nowhere to go either. Default: they get 503.
 */
export interface FallbackConfig {
  /** Default: the same service. */
  readonly service?: string;
  /** Default: every version. */
  readonly version?: string;
  readonly respond?: RespondConfig;
}

/** A copy of requests for another service or version. Its answer changes nothing for the client. */
export interface MirrorConfig {
  readonly service: string;
  /** Default: every version. */
  readonly version?: string;
  /** Share of the requests that is copied, in [0, 1]. Default: 1. */
  readonly ratio?: number;
  /** Longest time for a copy from its start to the end of its answer; then it is given up. Default: 10 000. */
  readonly timeoutMs?: number;
  /** What of the two answers is compared and reported. Default: nothing. */
  readonly compare?: MirrorCompareConfig;
}

/** What is compared between the answer that the client gets from the instance and the answer to a copy. */
export interface MirrorCompareConfig {
  /** Default: true. */
  readonly status?: boolean;
  /** Names of response headers. Default: none. */
  readonly headers?: readonly string[];
}

/** One of several backends that share a route by weight. */
export interface WeightedBackendConfig {
  readonly service: string;
  readonly version?: string;
  /** Share of the sum. Default: 1. Weight 0 gets nothing new. */
  readonly weight?: number;
  /** Act after those of the route. */
  readonly requestHeaders?: HeaderChangesConfig;
  /** Act after those of the route. */
  readonly responseHeaders?: HeaderChangesConfig;
  /** Acts after that of the route: what it does not give comes from there. */
  readonly rewrite?: RewriteConfig;
  /** Sends the client elsewhere instead of forwarding. */
  readonly redirect?: RedirectConfig;
  readonly fallback?: FallbackConfig;
}

/** Where a route leads: a service, a URL, URLs, one backend, or several by weight. */
export type ToConfig =
  string | readonly string[] | BackendConfig | readonly WeightedBackendConfig[];

/** Limits of time. Unit: milliseconds; 0 (or `"0"`) switches one off. */
export interface TimeoutsConfig {
  /** Covers everything, retries and their pauses included. Default: 0. */
  readonly requestMs?: number | "0";
  /** Covers one attempt. Default: 0. */
  readonly attemptMs?: number | "0";
  /**
   * Longest wait for the head of a response once the request was sent whole. Default: 0, which leaves it to `idleMs`.
   */
  readonly headMs?: number | "0";
  /** Longest silence: bytes in either direction start it anew. Default: 60 000. */
  readonly idleMs?: number | "0";
}

/**
 * A second attempt while the first is still waited for: the first response head wins, the other attempt is cancelled.
 *
 * Source: Dean and Barroso, The Tail at Scale (2013), hedged requests.
 */
export interface HedgeConfig {
  /** How long the latest attempt is waited for before another is started. Unit: milliseconds, at least 1. */
  readonly delayMs: number;
  /** Most attempts beside the first, from 1 to 5. Default: 1. */
  readonly attempts?: number;
}

/** Limits of size of forwarded requests. 0 switches one off. */
export interface RouteLimitsConfig {
  /** Largest request body; a larger one gets 413 and is not read on. Unit: bytes. Default: 0. */
  readonly bodyBytes?: number;
  /** Largest request body that is kept for another attempt or a copy. Unit: bytes. Default: 65 536. */
  readonly replayBytes?: number;
  /**
   * Least rate of a request body over HTTP/1 while the instance waits for it, over each five seconds: a client that is
   * slower gets 408, because it holds a connection that others need. 0 switches it off. Unit: bytes a second.
   * Default: 240. Source: Kestrel, `MinRequestBodyDataRate`.
   */
  readonly uploadBytesPerS?: number;
}

/** What happens after a failed attempt. */
export interface RetryConfig {
  /** Most attempts after the first. 0 switches retries off. */
  readonly attempts: number;
  /** Response statuses that are tried again. Default: none; connection failures, resets and attempt timeouts always are. */
  readonly statuses?: readonly number[];
  /** Methods that may be sent twice. Default: the idempotent ones of RFC 9110 section 9.2.2. */
  readonly methods?: readonly string[];
  /** Pause before an attempt: uniform in [0, bound), the bound doubling from `baseMs` to `maxMs`. Default: 25 and 250. */
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
}

interface RouteBase {
  /** Default: the match in words, numbered when taken. */
  readonly id?: string;
  /** Lower goes first and beats every other precedence. Default: 0. */
  readonly order?: number;
  readonly requestHeaders?: HeaderChangesConfig;
  readonly responseHeaders?: HeaderChangesConfig;
  readonly rewrite?: RewriteConfig;
  /** The way back: redirects and cookies of the instance as the client has to see them. Default: as they came. */
  readonly responseRewrite?: ResponseRewriteConfig;
  readonly timeouts?: TimeoutsConfig;
  readonly retry?: RetryConfig;
  /** Default: off. */
  readonly hedge?: HedgeConfig;
  readonly limits?: RouteLimitsConfig;
  /** Copies of forwarded requests, each on its own. They have the changes of the route, not those of a backend. */
  readonly mirror?: readonly MirrorConfig[];
  /** Such a route takes a preflight by the method that it asks for. */
  readonly cors?: CorsConfig;
  /**
   * What is shed last when a service comes near its limit (`limits.requests`, or the adaptive one). A whole number; requests of the
   * highest priority that leads to the service may fill all of the limit, those of each one below a tenth less. Default: 0.
   */
  readonly priority?: number;
  /** Names of the steps around the route, in their order. A proxy that does not know one answers 500. */
  readonly policies?: readonly string[];
  readonly to?: ToConfig;
  readonly redirect?: RedirectConfig;
  readonly respond?: RespondConfig;
}

/** Conditions on a request, and what to do when they hold: exactly one of `to`, `redirect` and `respond`. */
export interface RouteConfig extends RouteBase {
  /** One set of conditions, or several of which any may hold. Default: every request. */
  readonly match?: MatchConfig | readonly MatchConfig[];
}

/** A route of the short form: match fields may stand on the route itself. */
export type ShortRouteConfig = RouteConfig & MatchConfig;
