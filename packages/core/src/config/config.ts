import type { PathOptions } from "../match/path.js";
import type { Balancer } from "../balance/balancer.js";

/** A condition on a text: the text itself (equal), or exactly one of these forms. `ignoreCase` goes with the text ones. */
export type TextCondition =
  | string
  | { readonly equals: string; readonly ignoreCase?: boolean }
  | { readonly startsWith: string; readonly ignoreCase?: boolean }
  | { readonly endsWith: string; readonly ignoreCase?: boolean }
  | { readonly contains: string; readonly ignoreCase?: boolean }
  | { readonly regex: string; readonly ignoreCase?: boolean }
  | { readonly oneOf: readonly string[]; readonly ignoreCase?: boolean }
  | { readonly range: { readonly from?: number; readonly to?: number } }
  | { readonly present: boolean }
  | { readonly not: TextCondition };

/** A pattern of whole segments (`/a/:id`, a final `/*`), or one of the other forms. */
export type PathCondition =
  | string
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly startsWith: string }
  | { readonly regex: string };

/** Conditions by name; all must hold. */
export type ConditionMap = { readonly [name: string]: TextCondition };

/** The conditions of a route. Those that are left out always hold. */
export interface MatchConfig {
  /** Default: every path, with the precedence of the prefix `/`. */
  readonly path?: PathCondition;
  /** `api.shop.com`, or `*.shop.com` for any number of labels before it. Default: every host. */
  readonly host?: string | readonly string[];
  /** Exact method names. Default: every method. */
  readonly method?: string | readonly string[];
  /** Names ignore case. */
  readonly headers?: ConditionMap;
  readonly query?: ConditionMap;
  readonly cookies?: ConditionMap;
  /** Path parameters of the pattern, in canonical form, not decoded. */
  readonly params?: ConditionMap;
  /** Facts that are text, numbers or booleans; others are as if absent. */
  readonly facts?: ConditionMap;
  /** CIDR ranges or addresses of the trusted client address. */
  readonly clientAddress?: string | readonly string[];
  readonly protocol?: "http" | "https";
  /** Local port of the socket. */
  readonly port?: number | readonly number[];
}

/** Changes of headers. One name may stand in one of the three only. */
export interface HeaderChangesConfig {
  readonly set?: { readonly [name: string]: string };
  readonly add?: { readonly [name: string]: string };
  readonly remove?: readonly string[];
}

/** A new path: a template (`/v2/:id`), a whole path, a new prefix for the matched one, or a regex and its replacement. */
export type PathRewriteConfig =
  | string
  | { readonly replace: string }
  | { readonly replacePrefix: string }
  | { readonly regex: string; readonly with: string };

/** Changes of the request line and the host before forwarding. */
export interface RewriteConfig {
  /** Replaces `Host`. */
  readonly host?: string;
  readonly path?: PathRewriteConfig;
  readonly query?: {
    readonly set?: { readonly [name: string]: string };
    readonly add?: { readonly [name: string]: string };
    readonly remove?: readonly string[];
  };
}

/** An answer that sends the client elsewhere. What is not given comes from the request. */
export interface RedirectConfig {
  /** Default: 302. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly port?: number;
  readonly path?: { readonly replace: string } | { readonly replacePrefix: string };
  /** Default: `"keep"`. */
  readonly query?: "keep" | "drop";
}

/** A fixed answer. */
export interface RespondConfig {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

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

/** Where requests go when what was chosen has no instance: another version, or another service. Default: they get 503. */
export interface FallbackConfig {
  /** Default: the same service. */
  readonly service?: string;
  /** Default: every version. */
  readonly version?: string;
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

/**
 * What scripts of other origins may do with a route. Preflights are answered by the gateway; CORS headers of the
 * instances are replaced.
 *
 * Source: Fetch standard, CORS protocol; Kubernetes Gateway API, HTTPCORSFilter.
 */
export interface CorsConfig {
  /**
   * Origins that may read answers: `https://shop.com`, `https://*.shop.com` (any number of labels before it, not
   * `https://shop.com`), or `*` for every origin. A port that is not given is that of the scheme.
   */
  readonly allowOrigins: readonly string[];
  /** Methods that a preflight allows, or `*`. Default: none beside those that need no leave (GET, HEAD, POST). */
  readonly allowMethods?: readonly string[];
  /** Request headers that a preflight allows, or `*`. Default: none beside those that need no leave. */
  readonly allowHeaders?: readonly string[];
  /** Response headers that scripts may read, or `*`, which says nothing with credentials. Default: none beside those that need no leave. */
  readonly exposeHeaders?: readonly string[];
  /** Whether requests with cookies and the like may be read. `*` then stands for what the request asks for. Default: false. */
  readonly allowCredentials?: boolean;
  /** How long a preflight may be remembered. Unit: seconds. Default: 5. */
  readonly maxAgeS?: number;
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
}

/** Limits of size of every request. 0 switches one off, which leaves it to the server. */
export interface RequestLimitsConfig {
  /** Longest request target; a longer one gets 414. Unit: bytes. Default: 0. */
  readonly urlBytes?: number;
  /** Most bytes of header names and values together; more get 431. Default: 0. */
  readonly headerBytes?: number;
  /** Most header lines; more get 431. Default: 0. */
  readonly headerCount?: number;
}

/** Limits of the requests under way at a service. */
export interface ServiceLimitsConfig {
  /** Most requests under way at all instances together; more wait, or get 503. Default: 0, which is no limit. */
  readonly requests?: number;
  /** Most requests that wait for a place of the service. Default: 0. */
  readonly queue?: number;
  /** Longest wait for a place of the service; then 503. Unit: milliseconds. Default: 5 000. */
  readonly queueMs?: number;
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

/** One running copy of a service: a base URL, or a record with more. */
export type InstanceConfig =
  | string
  | {
      /** `http:` or `https:` URL; a path in it goes before the path of requests. */
      readonly url: string;
      /**
       * Unix socket that the instance listens on, as an absolute path (on Windows a pipe); `url` then gives scheme, host
       * and base path only. Default: none, the host of `url` is connected to. Error: SOCKET_PATH.
       */
      readonly socketPath?: string;
      /** Unique in the service. Default: the normalised URL, with the socket where there is one. */
      readonly id?: string;
      readonly version?: string;
      /** Share of traffic beside the other instances. Default: 1. */
      readonly weight?: number;
      readonly zone?: string;
      readonly metadata?: { readonly [name: string]: unknown };
    };

/** Judging instances by real traffic. `false` switches it off. */
export type OutlierConfig =
  | false
  | {
      /** Gateway failures in a row (no connection, timeout, reset, 502, 503, 504) that eject. Default: 5. */
      readonly consecutiveFailures?: number;
      /** Default: 30 000. */
      readonly baseEjectionMs?: number;
      /** Default: 300 000. */
      readonly maxEjectionMs?: number;
      /** Largest share of a service that may be ejected, in [0, 1]; one may always be where there are two or more. Default: 0.5. */
      readonly maxEjectionRatio?: number;
    };

/**
 * TLS to the instances of a service whose URLs are `https:`. Texts are PEM, so that a configuration stays plain JSON.
 * Whatever is given here, certificates are verified: against `ca`, or against the roots that Node trusts.
 */
export interface TlsConfig {
  /** Certificates of the authorities to trust, instead of those that Node trusts. One PEM block or several. */
  readonly ca?: string;
  /** Certificate of our own, its chain behind it, for instances that ask who is there. Needs `key`. */
  readonly cert?: string;
  /** Private key of `cert`, not encrypted. */
  readonly key?: string;
  /** Name that is asked for (SNI) and that the certificate must hold. Default: the host of the URL. */
  readonly serverName?: string;
  /**
   * SHA-256 fingerprints of public keys (of the SubjectPublicKeyInfo), in base64. The key of the instance's
   * certificate must be one of them; it is looked at on each connection before a byte is sent. Comes on top of the
   * other checks. Default: any key. Source: RFC 7469 section 2.4, for the form.
   */
  readonly pins?: readonly string[];
  /** Oldest version of TLS. Default: `"TLSv1.2"`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /**
   * Takes whatever certificate the instance shows: anybody on the way can read and change everything. With `pins`
   * those still hold. Default: false.
   */
  readonly dangerouslyAcceptAnyCertificate?: boolean;
}

/** The pool of connections to each instance of a service. */
export interface ConnectConfig {
  /** Longest time to connect. Default: 5 000. */
  readonly timeoutMs?: number;
  /** Most connections to one instance. Default: 256. */
  readonly connections?: number;
  /** Most requests waiting for a connection of one instance. Default: 1 024. */
  readonly queue?: number;
  /** Longest wait for a connection that others use; then 503. Default: 5 000. */
  readonly queueMs?: number;
  /** How long an idle connection is kept. Default: 4 000. */
  readonly keepAliveMs?: number;
  /**
   * What is spoken. `"http2"` needs an instance that speaks it: over `https:` by ALPN, over `http:` by prior knowledge
   * (h2c). `"auto"` takes what an `https:` instance offers, HTTP/2 first, and HTTP/1.1 over `http:`. Default: `"http1"`.
   */
  readonly protocol?: "http1" | "http2" | "auto";
  /** Most requests at once on one HTTP/2 connection; an instance may allow fewer. Default: 100. */
  readonly streams?: number;
  /** For instances whose URL is `https:`. Default: the certificates that Node trusts, and no certificate of our own. */
  readonly tls?: TlsConfig;
  /**
   * Most upgrades (websockets) to one instance at a time, for each proxy; beyond it 503. Default: 0, no limit but
   * that of the proxy, because how many an instance bears is known to nobody else.
   */
  readonly upgrades?: number;
}

/** A named backend application. */
export interface ServiceConfig {
  readonly instances: readonly InstanceConfig[];
  /** Default: `"least-request"`. */
  readonly balancer?: "least-request" | "round-robin" | "random" | Balancer;
  readonly outlier?: OutlierConfig;
  /** When no instance is eligible: all that are not draining are tried, or none. Default: `"try-all"`. */
  readonly whenNoneEligible?: "try-all" | "reject";
  readonly limits?: ServiceLimitsConfig;
  readonly connect?: ConnectConfig;
}

/** Values that routes and services take where they give none of their own. */
export interface DefaultsConfig {
  readonly timeouts?: TimeoutsConfig;
  readonly retry?: RetryConfig;
  readonly limits?: RouteLimitsConfig;
  readonly balancer?: "least-request" | "round-robin" | "random" | Balancer;
  readonly outlier?: OutlierConfig;
  readonly connect?: ConnectConfig;
}

/**
 * What becomes of places in the response of an instance that are true on its side of the gateway only. Beside
 * `rewrite`, it is the way back.
 */
export interface ResponseRewriteConfig {
  /**
   * Whether `Location` and `Content-Location` that lead to the instance lead the client back through the gateway: with
   * the scheme and host that the client used, and without the path of the base URL and what `replacePrefix` put
   * there, where that can be undone exactly. What leads elsewhere stays. Default: false.
   */
  readonly location?: boolean;
  /**
   * `"drop"`: cookies have no `Domain`, so each belongs to the host that the client asked. `{ replace }`: a domain that is
   * the instance's, and none of the client's host, becomes this one. Default: it stays.
   */
  readonly cookieDomain?: "drop" | { readonly replace: string };
  /**
   * `true`: the path of the base URL and what `replacePrefix` put there are undone in the `Path` of cookies. A record:
   * prefixes of paths, by whole segments, and what replaces each; the longest that holds acts. Default: it stays.
   */
  readonly cookiePath?: boolean | { readonly [prefix: string]: string };
}

/** Everything a gateway is told. Plain JSON data, but for values of our own interfaces such as a balancer. */
export interface GatewayConfig {
  /** Where an editor finds the schema of the file that this is kept in. The gateway does not read it. */
  readonly $schema?: string;
  readonly services?: { readonly [name: string]: ServiceConfig };
  readonly routes: readonly RouteConfig[];
  /** CIDR ranges of proxies whose `X-Forwarded-*` is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /**
   * Whether requests get `Forwarded` beside `X-Forwarded-*`, and that of trusted proxies is believed where they send no
   * `X-Forwarded-For`. Then each of them must write it or take it away. Default: false, and no `Forwarded` passes.
   *
   * Source: RFC 7239.
   */
  readonly forwarded?: boolean;
  /**
   * A name for this gateway, a token, to be added to `Via` of requests. A request that has passed a gateway of this
   * name before is refused with 508. Default: no `Via` is added, and no loop is looked for.
   *
   * Source: RFC 9110 section 7.6.3. Error: VIA.
   */
  readonly via?: string;
  readonly path?: PathOptions;
  readonly limits?: RequestLimitsConfig;
  /**
   * Names of the steps around every request, in their order. They run before a route is looked for, outside of those of
   * a route, and see requests too that no route takes. A proxy that does not know one answers 500.
   */
  readonly policies?: readonly string[];
  /** What a request gets whose path matches but whose method does not. Default: `"none"`. */
  readonly unmatchedMethod?: "none" | "405";
  readonly defaults?: DefaultsConfig;
}

/** A config, or the short form: an array of routes. */
export type ConfigInput = GatewayConfig | readonly ShortRouteConfig[];
