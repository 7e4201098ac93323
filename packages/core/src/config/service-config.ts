import type { AffinityConfig } from "../affinity/affinity-config.js";
import type { ConcurrencyRule } from "../health/adaptive-concurrency.js";
import type { InstanceHandler } from "../state.js";
import type { BalancerConfig } from "./balancer-config.js";
import type {
  BreakerConfig,
  OutlierConfig,
  ProbeConfig,
  RetryBudgetConfig,
} from "./health-config.js";

/** Limits of the requests under way at a service. */
export interface ServiceLimitsConfig {
  /** Most requests under way at all instances together; more wait, or get 503. Default: 0, which is no limit. */
  readonly requests?: number;
  /** Most requests under way at one instance; others take what is above it, and none get 503. Default: 0, which is no limit. */
  readonly perInstance?: number;
  /**
   * A limit of the requests under way that follows what the service bears, below `requests` where that is given. `true` takes
   * all defaults. Default: none.
   */
  readonly adaptive?: boolean | Partial<ConcurrencyRule>;
  /** Most requests that wait for a place of the service. Default: 0. */
  readonly queue?: number;
  /** Longest wait for a place of the service; then 503. Unit: milliseconds. Default: 5 000. */
  readonly queueMs?: number;
}

/**
 * An instance that is a function of the host framework, in the same process. It takes part in splits, balancing, counts,
 * ejections and drains as others do; it is never probed, and none of its requests is sent again.
 */
export interface HandlerInstanceConfig {
  /**
   * Called by the proxy with `(req, res, next)` of Node; `next()` hands on what the gateway took to the server that it
   * lives in. Error: HANDLER unless a function, beside a `url`, and where a version has URLs too.
   *
   * @example
   * createGateway({
   *   services: {
   *     shop: {
   *       instances: [
   *         { handler: monolith, version: "old" },
   *         { url: "http://10.0.0.9:8080", version: "new" },
   *       ],
   *     },
   *   },
   *   routes: [{ match: { path: "/cart/*" }, to: { service: "shop", split: { old: 95, new: 5 } } }],
   * });
   */
  readonly handler: InstanceHandler;
  /** Unique in the service. Default: `handler`, numbered when taken: `handler (2)`. */
  readonly id?: string;
  readonly version?: string;
  /** Share of traffic beside the other instances. Default: 1. */
  readonly weight?: number;
  readonly zone?: string;
  /** Those of tier 0 get all traffic that they bear, then those of tier 1, and so on. Default: 0. Error: TIER. */
  readonly tier?: number;
  readonly metadata?: { readonly [name: string]: unknown };
}

/** One running copy of a service: a base URL, a record with more, or a function in the same process. */
export type InstanceConfig =
  | string
  | HandlerInstanceConfig
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
      /** Those of tier 0 get all traffic that they bear, then those of tier 1, and so on. Default: 0. Error: TIER. */
      readonly tier?: number;
      readonly metadata?: { readonly [name: string]: unknown };
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

/** A part of the instances that this gateway keeps to, so that thousands of them are not each connected to all gateways. */
export interface SubsetConfig {
  /** What tells this gateway from the others, such as the name of its host. */
  readonly client: string;
  /**
   * Instances of each version, shared out over its tiers and over the zone of the gateway and others: at least one of each.
   * A service that has no more is used whole. 20 to 100 are usual.
   */
  readonly size: number;
}

/** How the share of a new or returning instance grows: `max(minimumShare, (age / time)^(1 / aggression))`. */
export interface SlowStartConfig {
  /** Above 1 it grows fast at first, below 1 slowly. Default: 1, a straight line. Error: SLOW_START. Source: Envoy, slow start. */
  readonly aggression?: number;
  /** Share of its weight that it begins with, above 0, up to 1. Default: 0.1. Error: SLOW_START. Source: Envoy, `min_weight_percent`. */
  readonly minimumShare?: number;
}

/** How traffic is spread over tiers and zones. */
export interface LevelsConfig {
  /** How many times its ordinary load a tier or a zone bears before it hands on. Default: 1.4. Error: LEVELS. Source: Envoy, `overprovisioning_factor`. */
  readonly overprovisioning?: number;
  /** Instances from which on a tier looks at zones. Default: 2. Error: LEVELS. Source: Envoy, `min_cluster_size`. */
  readonly minimumMembers?: number;
  /** Share of the traffic that comes from the gateway's own zone, in [0, 1]. Default: all zones send alike. */
  readonly localRatio?: number;
  /**
   * All instances of a tier are tried, eligible or not, while a smaller share of it than this is eligible and all tiers together
   * do not bear the traffic. Default: 0, only when none is eligible anywhere. Source: Envoy, panic threshold, which is 0.5 there.
   */
  readonly panicRatio?: number;
}

/** A named backend application. */
export interface ServiceConfig {
  readonly instances: readonly InstanceConfig[];
  /** Default: `"least-request"`. */
  readonly balancer?: BalancerConfig;
  readonly affinity?: AffinityConfig;
  readonly outlier?: OutlierConfig;
  readonly probe?: ProbeConfig;
  readonly breaker?: BreakerConfig;
  readonly retryBudget?: RetryBudgetConfig;
  /** In which time a new instance comes to its whole share of traffic. Unit: milliseconds. Default: 0, at once. */
  readonly slowStartMs?: number;
  /** How that share grows, and that of instances that return. */
  readonly slowStart?: SlowStartConfig;
  readonly levels?: LevelsConfig;
  /** Default: none, all instances are used. */
  readonly subset?: SubsetConfig;
  /** When no instance is eligible: all that are not draining are tried, or none. Default: `"try-all"`. */
  readonly whenNoneEligible?: "try-all" | "reject";
  readonly limits?: ServiceLimitsConfig;
  readonly connect?: ConnectConfig;
}
