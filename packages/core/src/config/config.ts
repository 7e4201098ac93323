import type { BalancerConfig } from "./balancer-config.js";
import type { PathOptions } from "../match/path.js";
import type {
  RetryConfig,
  RouteConfig,
  RouteLimitsConfig,
  ShortRouteConfig,
  TimeoutsConfig,
} from "./route-config.js";
import type {
  BreakerConfig,
  OutlierConfig,
  ProbeConfig,
  RetryBudgetConfig,
} from "./health-config.js";
import type { ConnectConfig, ServiceConfig } from "./service-config.js";

/** Limits of size of every request. 0 switches one off, which leaves it to the server. */
export interface RequestLimitsConfig {
  /** Longest request target; a longer one gets 414. Unit: bytes. Default: 0. */
  readonly urlBytes?: number;
  /** Most bytes of header names and values together; more get 431. Default: 0. */
  readonly headerBytes?: number;
  /** Most header lines; more get 431. Default: 0. */
  readonly headerCount?: number;
}

/** Values that routes and services take where they give none of their own. */
export interface DefaultsConfig {
  readonly timeouts?: TimeoutsConfig;
  readonly retry?: RetryConfig;
  readonly limits?: RouteLimitsConfig;
  readonly balancer?: BalancerConfig;
  readonly outlier?: OutlierConfig;
  readonly probe?: ProbeConfig;
  readonly breaker?: BreakerConfig;
  readonly slowStartMs?: number;
  readonly retryBudget?: RetryBudgetConfig;
  readonly connect?: ConnectConfig;
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
  /**
   * Whether a request without `X-Request-Id` gets one that nobody can guess. One that has it keeps it, whoever sent it.
   * Default: false.
   */
  readonly requestId?: boolean;
  /**
   * Zone that the gateway runs in: instances there get traffic first, as much as they bear. Default: none, all zones are alike.
   */
  readonly zone?: string;
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
